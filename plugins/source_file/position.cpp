#include "position.hpp"

#include "fingerprint.hpp"

#include <algorithm>
#include <cstring>

namespace penstock::files {
namespace {

constexpr char kMagic[4] = {'P', 'F', '0', '1'};
constexpr size_t kChecksum = 8;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::string encoded(const FileEntry& entry) {
  std::string out;
  put_varint(out, entry.id.device);
  put_varint(out, entry.id.inode);
  put(out, entry.stamp);
  put_varint(out, static_cast<uint64_t>(entry.end));
  put_varint(out, static_cast<uint64_t>(entry.tail));
  put(out, entry.fingerprint);
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

  template <class T>
  T get() {
    T value{};
    if (bytes_.size() < sizeof value) return ok_ = false, value;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = get<uint8_t>();
      value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return ok_ = false, 0;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace

const FileEntry* Detail::find(FileId id) const {
  const auto found = std::find_if(files.begin(), files.end(), [&](const FileEntry& e) { return e.id == id; });
  return found == files.end() ? nullptr : &*found;
}

std::string encode_detail(int64_t ordinal, FileId folder, std::vector<CountedFile> files, int64_t cutoff) {
  // What must be listed first: files that still have bytes to come, then those that changed last.
  std::stable_sort(files.begin(), files.end(), [](const CountedFile& a, const CountedFile& b) {
    return a.complete != b.complete ? !a.complete : a.stamp > b.stamp;
  });
  std::string list;
  size_t listed = 0;
  constexpr size_t kHead = sizeof kMagic + 8 + 1 + 10 + 10 + 8 + 3 + kChecksum;
  for (; listed < files.size(); ++listed) {
    const std::string one = encoded(files[listed].entry);
    if (kHead + list.size() + one.size() > kMaxDetailBytes) break;
    list += one;
  }
  int64_t high_water = cutoff;
  for (size_t i = listed; i < files.size(); ++i)
    if (!files[i].complete) high_water = std::min(high_water, files[i].stamp - 1);
  // Complete files come last and sorted, so the first of them is the one that changed last.
  const auto first = std::find_if(files.begin() + static_cast<ptrdiff_t>(listed), files.end(),
                                  [](const CountedFile& f) { return f.complete; });
  high_water = first == files.end() ? INT64_MIN : std::min(high_water, first->stamp);

  std::string out(kMagic, sizeof kMagic);
  put(out, ordinal);
  const bool folded = listed < files.size();
  out.push_back(folded ? 1 : 0);
  if (folded) {
    put_varint(out, folder.device);
    put_varint(out, folder.inode);
    put(out, high_water);
  }
  put_varint(out, listed);
  out += list;
  put(out, hash_bytes(out, 0));
  return out;
}

std::optional<Detail> decode_detail(std::string_view bytes) {
  if (bytes.size() < sizeof kMagic + kChecksum || bytes.substr(0, sizeof kMagic) != std::string_view(kMagic, sizeof kMagic))
    return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksum);
  uint64_t checksum;
  std::memcpy(&checksum, bytes.data() + body.size(), sizeof checksum);
  if (checksum != hash_bytes(body, 0)) return std::nullopt;
  Reader reader(body.substr(sizeof kMagic));
  Detail out;
  out.ordinal = reader.get<int64_t>();
  out.folded = reader.get<uint8_t>() != 0;
  if (out.folded) {
    out.folder.device = reader.varint();
    out.folder.inode = reader.varint();
    out.high_water = reader.get<int64_t>();
  }
  const uint64_t count = reader.varint();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    FileEntry entry;
    entry.id.device = reader.varint();
    entry.id.inode = reader.varint();
    entry.stamp = reader.get<int64_t>();
    entry.end = static_cast<int64_t>(reader.varint());
    entry.tail = static_cast<int64_t>(reader.varint());
    entry.fingerprint = reader.get<uint64_t>();
    if (entry.end < 0 || entry.tail < 0 || entry.tail > entry.end) return std::nullopt;
    out.files.push_back(entry);
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return out;
}

}  // namespace penstock::files
