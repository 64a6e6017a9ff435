// Connections of the load client to a server on this machine, driven by one thread's event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct event_base;

namespace troika::bench {

// What every request of a load is.
struct Message {
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Told of each request that is answered; `error` is empty when all went well.
using Answered = std::function<void(std::uint64_t request, std::string_view error)>;

class Connection {
 public:
  virtual ~Connection() = default;
  // The message stays until `answered` is told of this request.
  virtual void send(std::uint64_t request) = 0;
};

struct Endpoint {
  event_base* events;
  std::uint16_t port;
  const Message& message;
  Answered answered;
};

// HTTP/1.1 with libevent: one request at a time.
std::unique_ptr<Connection> connect_http(const Endpoint& to);
// gRPC, unary calls, over HTTP/2 with nghttp2: any number at a time. Throws std::runtime_error when
// the server cannot be reached; the program ends when it hangs up.
std::unique_ptr<Connection> connect_grpc(const Endpoint& to);

}  // namespace troika::bench
