#include <algorithm>
#include <cstring>
#include <map>
#include <stdexcept>

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>

#include "bench/serve/connection.h"

namespace troika::bench {
namespace {

constexpr std::int32_t window_bytes = 16 << 20;

int connected(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("port " + std::to_string(port) + ": " + std::strerror(errno));
  evutil_make_socket_nonblocking(socket);
  return socket;
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

void check(ssize_t result, const char* asked) {
  if (result < 0)
    throw std::runtime_error(std::string{asked} + ": " +
                             nghttp2_strerror(static_cast<int>(result)));
}

class GrpcConnection final : public Connection {
 public:
  explicit GrpcConnection(const Endpoint& to)
      : to_{to},
        socket_{bufferevent_socket_new(to.events, connected(to.port), BEV_OPT_CLOSE_ON_FREE)} {
    frame_message();
    open_session();
    bufferevent_setcb(socket_, &GrpcConnection::arrived, nullptr, &GrpcConnection::lost, this);
    bufferevent_enable(socket_, EV_READ | EV_WRITE);
    check(nghttp2_session_send(session_), "settings");
  }
  ~GrpcConnection() override {
    nghttp2_session_del(session_);
    bufferevent_free(socket_);
  }

  void send(std::uint64_t request) override {
    nghttp2_data_provider body{};
    body.read_callback = &GrpcConnection::read_body;
    const std::int32_t stream =
        nghttp2_submit_request(session_, nullptr, headers_.data(), headers_.size(), &body, nullptr);
    check(stream, "a request");
    streams_[stream].request = request;
    check(nghttp2_session_send(session_), "sending");
  }

 private:
  struct Stream {
    std::uint64_t request = 0;
    std::size_t sent = 0;
    std::string status, message;
  };

  static GrpcConnection& self_of(void* user) { return *static_cast<GrpcConnection*>(user); }

  // A byte that says "not compressed" and the length stand before the message.
  void frame_message() {
    const std::string& body = to_.message.body;
    framed_.assign(5, '\0');
    const std::uint32_t length = htonl(static_cast<std::uint32_t>(body.size()));
    std::memcpy(framed_.data() + 1, &length, sizeof length);
    framed_ += body;
    headers_ = {header(":method", "POST"),
                header(":scheme", "http"),
                header(":path", to_.message.path),
                header(":authority", "127.0.0.1"),
                header("content-type", "application/grpc"),
                header("te", "trailers")};
    for (const auto& [name, value] : to_.message.headers) headers_.push_back(header(name, value));
  }

  void open_session() {
    nghttp2_session_callbacks* callbacks = nullptr;
    check(nghttp2_session_callbacks_new(&callbacks), "callbacks");
    nghttp2_session_callbacks_set_send_callback(callbacks, &GrpcConnection::write);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &GrpcConnection::on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &GrpcConnection::on_close);
    check(nghttp2_session_client_new(&session_, callbacks, this), "a session");
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes},
                                               {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    check(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings)),
          "settings");
    check(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, window_bytes),
          "a window");
  }

  static ssize_t write(nghttp2_session*, const std::uint8_t* bytes, std::size_t count, int,
                       void* user) {
    bufferevent_write(self_of(user).socket_, bytes, count);
    return static_cast<ssize_t>(count);
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source*, void* user) {
    GrpcConnection& self = self_of(user);
    Stream& stream = self.streams_.at(id);
    const std::size_t bytes = std::min(room, self.framed_.size() - stream.sent);
    std::memcpy(to, self.framed_.data() + stream.sent, bytes);
    stream.sent += bytes;
    if (stream.sent == self.framed_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(bytes);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes,
                       std::uint8_t, void* user) {
    const std::string_view key{reinterpret_cast<const char*>(name), name_bytes};
    const std::string_view text{reinterpret_cast<const char*>(value), value_bytes};
    const auto stream = self_of(user).streams_.find(frame->hd.stream_id);
    if (stream == self_of(user).streams_.end()) return 0;
    if (key == "grpc-status") stream->second.status = text;
    else if (key == "grpc-message") stream->second.message = text;
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    GrpcConnection& self = self_of(user);
    auto closed = self.streams_.extract(id);
    if (closed.empty()) return 0;
    Stream& stream = closed.mapped();
    std::string error;
    if (code != NGHTTP2_NO_ERROR) error = nghttp2_http2_strerror(code);
    else if (stream.status != "0") error = "status " + stream.status + ": " + stream.message;
    self.ended_.emplace_back(stream.request, std::move(error));
    return 0;
  }

  // Whoever is told may send again, which the session does not allow within its callbacks.
  void tell() {
    std::swap(ended_, telling_);
    for (const auto& [request, error] : telling_) to_.answered(request, error);
    telling_.clear();
  }

  static void arrived(bufferevent* socket, void* user) {
    GrpcConnection& self = self_of(user);
    evbuffer* const input = bufferevent_get_input(socket);
    while (const std::size_t bytes = evbuffer_get_contiguous_space(input)) {
      const std::uint8_t* const at = evbuffer_pullup(input, static_cast<ev_ssize_t>(bytes));
      check(nghttp2_session_mem_recv(self.session_, at, bytes), "receiving");
      evbuffer_drain(input, bytes);
    }
    check(nghttp2_session_send(self.session_), "sending");
    self.tell();
  }

  static void lost(bufferevent*, short what, void*) {
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
      throw std::runtime_error("the server has hung up");
  }

  const Endpoint to_;
  std::string framed_;
  std::vector<nghttp2_nv> headers_;  // of texts that are the message's
  bufferevent* socket_ = nullptr;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Stream> streams_;
  std::vector<std::pair<std::uint64_t, std::string>> ended_, telling_;
};

}  // namespace

std::unique_ptr<Connection> connect_grpc(const Endpoint& to) {
  return std::make_unique<GrpcConnection>(to);
}

}  // namespace troika::bench
