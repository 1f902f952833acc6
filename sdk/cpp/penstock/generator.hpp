// A scan as a coroutine that yields one row after the other; the layer makes batches of them.
//
//   using Row = std::tuple<int64_t, std::optional<std::string>, std::chrono::sys_seconds>;
//   penstock::Generator<Row> rows_of(Reader reader, int64_t since) {
//     while (reader.next()) {
//       const Row row{reader.id(), reader.name(), reader.time()};
//       co_yield row;
//     }
//   }
//   …in scan:  return penstock::stream_rows(call, schema, scan, rows_of(std::move(reader), since));
//
// Needs a compiler with coroutines; penstock.hpp does not include it.
#pragma once

#include <penstock/scan_columns.hpp>

#include <coroutine>
#include <tuple>
#include <utility>

namespace penstock {

// What a coroutine that yields T returns. Its parameters are kept with it, so take them by value: what a reference refers to may be
// gone by the time the host reads. (`this` of a source is not: streams are released before it is closed.) Locals are destroyed with
// the stream, at the latest. It may throw.
//
// Only named objects can be yielded, `co_yield row;`. g++ 12 destroys a temporary in `co_yield Row{…}` twice, so that does not
// compile with any compiler.
template <class T>
class Generator {
 public:
  class promise_type {
   public:
    Generator get_return_object() { return Generator(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    std::suspend_always yield_value(const T& value) noexcept { return value_ = &value, std::suspend_always(); }
    std::suspend_always yield_value(const T&&) = delete;
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const { throw; }
    const T* value() const { return value_; }

   private:
    const T* value_ = nullptr;
  };

  Generator(Generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept { return std::swap(handle_, other.handle_), *this; }
  ~Generator() {
    if (handle_) handle_.destroy();
  }

  // The next value, valid until the next call; nullptr at the end, and after an exception, which comes out of here.
  const T* next() {
    if (!handle_ || handle_.done()) return nullptr;
    handle_.resume();
    return handle_.done() ? nullptr : handle_.promise().value();
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Generator(Handle handle) : handle_(handle) {}

  Handle handle_;
};

namespace detail {

template <class Row>
class GeneratedStream final : public RowStream {
 public:
  // Rows between two looks at the call: few enough for a cancel to be seen soon, many enough not to cost anything.
  static constexpr int64_t kRowsPerCheck = 256;

  GeneratedStream(const Call& call, Schema schema, int64_t batch_rows, int64_t batch_bytes, Generator<Row> rows)
      : call_(call), schema_(std::move(schema)), batch_rows_(std::max<int64_t>(batch_rows, 1)),
        batch_bytes_(static_cast<size_t>(std::max<int64_t>(batch_bytes, 1))), rows_(std::move(rows)), batch_(schema_) {}

  const Schema& schema() const override { return schema_; }

  bool next(ArrowArray* out) override {
    // An empty batch takes a few bytes, and one row may exceed any limit.
    while (batch_.rows() == 0 || (batch_.rows() < batch_rows_ && batch_.byte_size() < batch_bytes_)) {
      if (batch_.rows() % kRowsPerCheck == 0) call_.check();
      const Row* const row = rows_.next();
      if (row == nullptr) break;
      std::apply([&](const auto&... values) { batch_.append_row(values...); }, *row);
    }
    if (batch_.rows() == 0) return false;
    batch_.finish(out);
    return true;
  }

 private:
  Call call_;
  Schema schema_;
  int64_t batch_rows_;
  size_t batch_bytes_;
  Generator<Row> rows_;
  BatchBuilder batch_;
};

}  // namespace detail

// The rows as a stream of the scan, in batches of at most batch_rows rows and about batch_bytes bytes. A Row is a std::tuple with a
// value for each column, of the types that ColumnBuilder::append takes. The call is the one that scan was given; it is looked at
// between rows, so that a generator needs to check it only where it waits. Throws NOT_FOUND when the scan wants a column that the schema
// does not have.
template <class Row>
std::unique_ptr<RowStream> stream_rows(const Call& call, Schema schema, const Scan& scan, Generator<Row> rows) {
  require_columns(schema, scan);
  return std::make_unique<detail::GeneratedStream<Row>>(call, std::move(schema), scan.batch_rows, scan.batch_bytes, std::move(rows));
}

}  // namespace penstock
