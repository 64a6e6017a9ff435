#include <new>
#include <stdexcept>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "bench/serve/connection.h"

namespace troika::bench {
namespace {

class HttpConnection final : public Connection {
 public:
  explicit HttpConnection(const Endpoint& to)
      : to_{to}, connection_{evhttp_connection_base_new(to.events, nullptr, "127.0.0.1", to.port)} {
    if (connection_ == nullptr) throw std::runtime_error("no HTTP connection can be made");
  }
  ~HttpConnection() override { evhttp_connection_free(connection_); }

  void send(std::uint64_t request) override {
    request_ = request;
    evhttp_request* const made = evhttp_request_new(&HttpConnection::answered, this);
    if (made == nullptr) throw std::bad_alloc{};
    evkeyvalq* const headers = evhttp_request_get_output_headers(made);
    evhttp_add_header(headers, "Host", "127.0.0.1");
    for (const auto& [name, value] : to_.message.headers)
      evhttp_add_header(headers, name.c_str(), value.c_str());
    const std::string& body = to_.message.body;
    evbuffer_add_reference(evhttp_request_get_output_buffer(made), body.data(), body.size(),
                           nullptr, nullptr);
    if (evhttp_make_request(connection_, made, EVHTTP_REQ_POST, to_.message.path.c_str()) != 0)
      throw std::runtime_error("a request cannot be made");
    send_at_once();
  }

 private:
  // A large body would else wait in its middle for the server's acknowledgement.
  void send_at_once() {
    const int socket = bufferevent_getfd(evhttp_connection_get_bufferevent(connection_));
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }

  static void answered(evhttp_request* answer, void* self) {
    auto& connection = *static_cast<HttpConnection*>(self);
    std::string error;
    if (answer == nullptr || evhttp_request_get_response_code(answer) == 0) {
      error = "the connection was lost";
    } else if (evhttp_request_get_response_code(answer) != HTTP_OK) {
      evbuffer* const body = evhttp_request_get_input_buffer(answer);
      const std::size_t bytes = evbuffer_get_length(body);
      error.assign(reinterpret_cast<const char*>(evbuffer_pullup(body, -1)), bytes);
      if (error.empty()) error = evhttp_request_get_response_code_line(answer);
    }
    connection.to_.answered(connection.request_, error);
  }

  const Endpoint to_;
  evhttp_connection* const connection_;
  std::uint64_t request_ = 0;
};

}  // namespace

std::unique_ptr<Connection> connect_http(const Endpoint& to) {
  return std::make_unique<HttpConnection>(to);
}

}  // namespace troika::bench
