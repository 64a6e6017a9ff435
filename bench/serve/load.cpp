// The load client of troika-bench serve: sends one message over and over to a server on this
// machine, and says what became of it. A load is JSON on the command line, the answer JSON on
// standard output. One thread, so that it takes no more of the machine than it must.
#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>

#include <event2/event.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "bench/serve/connection.h"

namespace troika::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using nlohmann::json;

struct Load {
  explicit Load(const json& given)
      : grpc{given.at("protocol") == "grpc"},
        port{given.at("port").get<std::uint16_t>()},
        connections{given.at("connections")},
        at_once{given.value("at_once", std::size_t{0})},
        rate{given.value("rate", 0.0)},
        warm_up{given.at("warm_up_s").get<double>()},
        measured{given.at("seconds").get<double>()},
        bound{given.value("bound_ms", 0.0) / 1e3},
        seed{given.value("seed", std::uint64_t{1})} {
    message.path = given.at("path");
    for (const auto& [name, value] : given.at("headers").items())
      message.headers.emplace_back(name, value.get<std::string>());
    std::ifstream file{given.at("body").get<std::string>(), std::ios::binary};
    if (!file) throw std::runtime_error("cannot read the message");
    message.body.assign(std::istreambuf_iterator<char>{file}, {});
  }

  bool grpc;
  std::uint16_t port;
  std::size_t connections;
  std::size_t at_once;  // closed loop: as many requests are always under way; 0: open loop
  double rate;          // open loop: arrivals a second, at random times
  Seconds warm_up, measured, bound;
  std::uint64_t seed;
  Message message;
};

struct Deleter {
  void operator()(event_base* base) const { event_base_free(base); }
  void operator()(event* timer) const { event_free(timer); }
};

std::unique_ptr<event_base, Deleter> made_base() {
  event_config* const config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
  event_base* const base = event_base_new_with_config(config);
  event_config_free(config);
  if (base == nullptr) throw std::runtime_error("no event loop");
  return std::unique_ptr<event_base, Deleter>{base};
}

class Generator {
 public:
  explicit Generator(const Load& load)
      : load_{load}, base_{made_base()}, random_{load.seed}, gap_{load.rate > 0 ? load.rate : 1} {
    for (std::size_t i = 0; i < load.connections; ++i) {
      const Endpoint to{base_.get(), load.port, load.message,
                        [this, i](std::uint64_t request, std::string_view error) {
                          answered(i, request, error);
                        }};
      connections_.push_back(load.grpc ? connect_grpc(to) : connect_http(to));
      free_.push_back(i);
    }
  }

  json run() {
    begin_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(load_.warm_up);
    end_ = begin_ + std::chrono::duration_cast<Clock::duration>(load_.measured);
    timer_.reset(event_new(
        base_.get(), -1, 0, [](int, short, void* self) { static_cast<Generator*>(self)->due(); },
        this));
    next_ = Clock::now();
    for (std::size_t i = 0; i < load_.at_once; ++i) begin(Clock::now());
    if (load_.at_once == 0) due();
    event_base_dispatch(base_.get());
    return result();
  }

 private:
  // An open loop's requests begin when they are due, whatever became of earlier ones.
  void due() {
    const auto now = Clock::now();
    for (; next_ <= now && next_ < end_; next_ += pause()) begin(next_);
    if (next_ >= end_) return stop_when_idle();
    const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(next_ - now).count();
    const timeval until{wait / 1'000'000, wait % 1'000'000};
    event_add(timer_.get(), &until);
  }
  Clock::duration pause() {
    return std::chrono::duration_cast<Clock::duration>(Seconds{gap_(random_)});
  }

  void begin(Clock::time_point intended) {
    waiting_.push_back(intended);
    send_waiting();
  }
  void send_waiting() {
    while (!waiting_.empty() && !free_.empty()) {
      const std::size_t over = free_.front();
      free_.pop_front();
      if (load_.grpc) free_.push_back(over);  // any number at a time, in turn
      under_way_.emplace(++last_, waiting_.front());
      waiting_.pop_front();
      connections_[over]->send(last_);
    }
  }

  void answered(std::size_t over, std::uint64_t request, std::string_view error) {
    const auto now = Clock::now();
    const Clock::time_point intended = under_way_.extract(request).mapped();
    if (intended >= begin_ && intended < end_) note(now - intended, error);
    if (!load_.grpc) free_.push_back(over);
    if (load_.at_once != 0 && now < end_) begin(now);
    else send_waiting();
    stop_when_idle();
  }
  void stop_when_idle() {
    if (Clock::now() >= end_ && under_way_.empty() && waiting_.empty())
      event_base_loopbreak(base_.get());
  }

  void note(Clock::duration took, std::string_view error) {
    if (error.empty()) latencies_.push_back(Seconds{took}.count());
    else errors_[std::string{error}] += 1;
  }

  json result() {
    std::ranges::sort(latencies_);
    const auto percentile = [&](double part) {
      if (latencies_.empty()) return json{};
      const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1));
      return json(latencies_[at] * 1e6);
    };
    const auto within = std::ranges::upper_bound(latencies_, load_.bound.count());
    const auto good = static_cast<double>(within - latencies_.begin());
    std::size_t failed = 0;
    for (const auto& [text, count] : errors_) failed += count;
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    const double whole = load_.measured.count();
    return {{"answered", latencies_.size()},
            {"failed", failed},
            {"errors", errors_},
            {"throughput", static_cast<double>(latencies_.size()) / whole},
            {"goodput", good / whole},
            {"p50_us", percentile(.5)},
            {"p95_us", percentile(.95)},
            {"p99_us", percentile(.99)},
            {"client_cpu",
             (seconds(used.ru_utime) + seconds(used.ru_stime)) / (whole + load_.warm_up.count())}};
  }

  const Load& load_;
  std::unique_ptr<event_base, Deleter> base_;
  std::unique_ptr<event, Deleter> timer_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<std::size_t> free_;  // connections that take a request
  std::deque<Clock::time_point> waiting_;
  std::map<std::uint64_t, Clock::time_point> under_way_;  // by request: when it was to begin
  std::uint64_t last_ = 0;
  Clock::time_point begin_, end_, next_;
  std::vector<double> latencies_;
  std::map<std::string, std::size_t> errors_;
};

}  // namespace
}  // namespace troika::bench

int main(int argc, char** argv) {
  using namespace troika::bench;
  try {
    if (argc != 2) throw std::runtime_error("a load as JSON is wanted");
    const Load load{json::parse(argv[1])};
    std::cout << Generator{load}.run().dump() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "troika-bench-load: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
