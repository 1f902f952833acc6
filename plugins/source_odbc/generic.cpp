// Any server: standard SQL, ODBC's escapes, and what the driver says of its types.
#include "connection.hpp"
#include "dialects.hpp"

namespace penstock::odbc {
namespace {

class Generic : public Dialect {
 public:
  Generic(const std::string& quote, const Options& options)
      : Dialect(quote), clock_sql_(options.text("clock_sql")), timezone_(options.text_or("clock_timezone", "")) {}

  const char* name() const override { return "generic"; }

  bool uses_escapes() const override { return true; }

  ClockStatement clock() const override {
    if (timezone_.empty())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  "nothing is known about this server's clock: set clock_timezone to the zone of what \"" + clock_sql_ +
                      "\" gives, or dialect to the server's kind");
    return {clock_sql_, 0, timezone_};
  }

 private:
  std::string clock_sql_, timezone_;
};

}  // namespace

std::unique_ptr<Dialect> make_generic_dialect(const std::string& quote, const Options& options) {
  return std::make_unique<Generic>(quote, options);
}

}  // namespace penstock::odbc
