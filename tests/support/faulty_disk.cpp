#include "support/faulty_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <numeric>
#include <sqlite3.h>
#include <stdexcept>

namespace penstock::test {
namespace {

constexpr size_t kSectorBytes = 512;

void put(std::string& content, size_t offset, std::string_view bytes, char filler) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size(), filler);
  content.replace(offset, bytes.size(), bytes);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

int failed(int code, int error) {
  errno = error;
  return code;
}

}  // namespace

// The functions that SQLite calls.
struct FaultyVfs {
  // As SQLite allocates it: the file of its own VFS lies behind.
  struct File {
    sqlite3_file base;
    FaultyDisk* disk;
    std::shared_ptr<FaultyDisk::Node>* node;  // null: a temporary file
    bool syncs_names;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static FaultyDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    FaultyDisk& disk = disk_of(vfs);
    File& self = of(file);
    self = File{};
    const bool exists = name != nullptr && std::filesystem::exists(name);
    const bool creates = (flags & SQLITE_OPEN_CREATE) != 0;
    if (!disk.powered_ || (creates && !exists && !disk.spend_change())) return failed(SQLITE_CANTOPEN, EIO);
    if (const int error = disk.fault(FaultyDisk::Operation::open); error != 0) return failed(SQLITE_CANTOPEN, error);
    const int code = real_->xOpen(real_, name, self.real(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    self.disk = &disk;
    self.base.pMethods = &kMethods;
    if (name != nullptr) self.node = new std::shared_ptr(disk.node(name, exists));
    // As the real one does: a log is found again after its first sync.
    constexpr int kLogs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    self.syncs_names = creates && (flags & kLogs) != 0;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0) disk.shared_memory_.emplace_back(std::string(name) + "-shm");
    ++disk.open_files_;
    return SQLITE_OK;
  }

  static int close(sqlite3_file* file) {
    File& self = of(file);
    delete self.node;
    --self.disk->open_files_;
    return self.real()->pMethods->xClose(self.real());
  }

  static int read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
    File& self = of(file);
    if (!self.disk->powered_) return failed(SQLITE_IOERR_READ, EIO);
    if (const int error = self.disk->fault(FaultyDisk::Operation::read); error != 0) return failed(SQLITE_IOERR_CORRUPTFS, error);
    return self.real()->pMethods->xRead(self.real(), data, size, offset);
  }

  static void remember(File& self, FaultyDisk::Change change) {
    if (self.node != nullptr) (*self.node)->pending.push_back(std::move(change));
  }

  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    File& self = of(file);
    FaultyDisk& disk = *self.disk;
    if (!disk.powered_) return failed(SQLITE_IOERR_WRITE, EIO);
    const std::string bytes(static_cast<const char*>(data), static_cast<size_t>(size));
    const int error = disk.fault(FaultyDisk::Operation::write);
    const size_t written = error == 0 ? bytes.size() : disk.below(bytes.size());
    remember(self, {.offset = static_cast<size_t>(offset), .bytes = bytes.substr(0, written)});
    if (!disk.spend_change()) return failed(SQLITE_IOERR_WRITE, EIO);
    if (written > 0) {
      const int code = self.real()->pMethods->xWrite(self.real(), data, static_cast<int>(written), offset);
      if (code != SQLITE_OK) return code;
    }
    if (error == 0) return SQLITE_OK;
    return failed(error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE, error);
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File& self = of(file);
    if (!self.disk->powered_) return failed(SQLITE_IOERR_TRUNCATE, EIO);
    if (const int error = self.disk->fault(FaultyDisk::Operation::truncate); error != 0) {
      return failed(SQLITE_IOERR_TRUNCATE, error);
    }
    remember(self, {.truncates = true, .offset = static_cast<size_t>(size), .bytes = {}});
    if (!self.disk->spend_change()) return failed(SQLITE_IOERR_TRUNCATE, EIO);
    return self.real()->pMethods->xTruncate(self.real(), size);
  }

  static int sync(sqlite3_file* file, int) {
    File& self = of(file);
    FaultyDisk& disk = *self.disk;
    if (!disk.spend_change(true)) return failed(SQLITE_IOERR_FSYNC, EIO);
    if (const int error = disk.fault(FaultyDisk::Operation::sync); error != 0) {
      if (self.node != nullptr && disk.below(2) == 0) {
        FaultyDisk::Node& node = **self.node;
        node.synced = disk.surviving(node);
        node.pending.clear();
      }
      return failed(SQLITE_IOERR_FSYNC, error);
    }
    if (disk.ignores_syncs_) return SQLITE_OK;
    if (self.node != nullptr) disk.sync(**self.node);
    if (self.syncs_names) disk.sync_names();
    self.syncs_names = false;
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    File& self = of(file);
    if (!self.disk->powered_) return failed(SQLITE_IOERR_FSTAT, EIO);
    return self.real()->pMethods->xFileSize(self.real(), size);
  }

  static int lock(sqlite3_file* file, int level) { return of(file).real()->pMethods->xLock(of(file).real(), level); }
  static int unlock(sqlite3_file* file, int level) { return of(file).real()->pMethods->xUnlock(of(file).real(), level); }
  static int check_reserved_lock(sqlite3_file* file, int* held) {
    return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), held);
  }
  static int file_control(sqlite3_file* file, int operation, void* argument) {
    return of(file).real()->pMethods->xFileControl(of(file).real(), operation, argument);
  }
  static int sector_size(sqlite3_file* file) { return of(file).real()->pMethods->xSectorSize(of(file).real()); }
  static int device_characteristics(sqlite3_file* file) {
    return of(file).real()->pMethods->xDeviceCharacteristics(of(file).real());
  }
  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
    File& self = of(file);
    if (!self.disk->powered_) return failed(SQLITE_IOERR_SHMMAP, EIO);
    if (const int error = self.disk->fault(FaultyDisk::Operation::share); error != 0) {
      return failed(SQLITE_IOERR_SHMSIZE, error);
    }
    return self.real()->pMethods->xShmMap(self.real(), region, size, extend, memory);
  }
  static int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return of(file).real()->pMethods->xShmLock(of(file).real(), offset, n, flags);
  }
  static void shm_barrier(sqlite3_file* file) { of(file).real()->pMethods->xShmBarrier(of(file).real()); }
  static int shm_unmap(sqlite3_file* file, int remove) {
    return of(file).real()->pMethods->xShmUnmap(of(file).real(), remove);
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_names) {
    FaultyDisk& disk = disk_of(vfs);
    if (!disk.powered_) return failed(SQLITE_IOERR_DELETE, EIO);
    if (const int error = disk.fault(FaultyDisk::Operation::remove); error != 0) return failed(SQLITE_IOERR_DELETE, error);
    const bool exists = std::filesystem::exists(name);
    if (exists) {
      disk.node(name, true);
      disk.names_.erase(name);
    }
    if (!disk.spend_change()) return failed(SQLITE_IOERR_DELETE, EIO);
    const int code = real_->xDelete(real_, name, 0);
    if (code == SQLITE_OK && sync_names != 0 && !disk.ignores_syncs_) disk.sync_names();
    return code;
  }

  static int access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
    if (!disk_of(vfs).powered_) return failed(SQLITE_IOERR_ACCESS, EIO);
    return real_->xAccess(real_, name, flags, result);
  }

  static int randomness(sqlite3_vfs* vfs, int size, char* out) {
    for (int i = 0; i < size; ++i) out[i] = static_cast<char>(disk_of(vfs).random_());
    return size;
  }

  static void install(FaultyDisk* disk) {
    if (vfs_.pAppData != nullptr) throw std::logic_error("one FaultyDisk at a time");
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pNext = nullptr;
    vfs_.zName = "penstock-faulty-disk";
    vfs_.pAppData = disk;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    vfs_.xAccess = access;
    vfs_.xRandomness = randomness;
    vfs_.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* out) {
      return real_->xFullPathname(real_, name, size, out);
    };
    if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) throw std::runtime_error("cannot register the disk");
    // What was drawn before must not show.
    sqlite3_randomness(0, nullptr);
  }

  static void uninstall() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    sqlite3_randomness(0, nullptr);
    vfs_.pAppData = nullptr;
  }

  static inline sqlite3_vfs* real_ = nullptr;
  static inline sqlite3_vfs vfs_{};
  // Version 2: without memory-mapped files, which would pass by.
  static const sqlite3_io_methods kMethods;
};

const sqlite3_io_methods FaultyVfs::kMethods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

FaultyDisk::FaultyDisk(uint64_t seed) : random_(seed) { FaultyVfs::install(this); }

FaultyDisk::~FaultyDisk() { FaultyVfs::uninstall(); }

int64_t FaultyDisk::faults_met() const { return std::accumulate(met_.begin(), met_.end(), int64_t{0}); }

bool FaultyDisk::spend_change(bool is_sync) {
  ++changes_;
  if (cut_at_ && changes_ >= *cut_at_ && (is_sync || !cut_in_sync_)) powered_ = false;
  return powered_;
}

int FaultyDisk::fault(Operation operation) {
  for (Fault& fault : faults_) {
    if (fault.operation != operation || fault.times == 0) continue;
    if (fault.after > 0) {
      --fault.after;
      continue;
    }
    --fault.times;
    ++met_[static_cast<size_t>(operation)];
    return fault.error;
  }
  return 0;
}

std::shared_ptr<FaultyDisk::Node> FaultyDisk::node(const std::string& path, bool exists) {
  if (const auto known = names_.find(path); known != names_.end()) return known->second;
  auto made = std::make_shared<Node>();
  if (exists) {
    made->synced = read_file(path);
    synced_names_[path] = made;
  }
  return names_[path] = made;
}

void FaultyDisk::sync(Node& node) {
  for (const Change& change : node.pending) {
    if (change.truncates) {
      node.synced.resize(change.offset);
    } else {
      put(node.synced, change.offset, change.bytes, '\0');
    }
  }
  node.pending.clear();
}

std::string FaultyDisk::surviving(const Node& node) {
  enum { none, all, some_writes, some_sectors };
  const uint64_t how = below(4);
  // What lies between the old end of a file and a sector behind it that survived.
  const char filler = below(2) == 0 ? '\0' : '\x5a';
  const size_t count = node.pending.size();
  std::string content = node.synced;
  // How many of the changes each sector has seen; they reach it in their order.
  std::map<size_t, size_t> seen;
  const auto limit = [&](size_t sector) { return seen.try_emplace(sector, below(count + 1)).first->second; };
  const size_t truncates_seen = below(count + 1);
  for (size_t i = 0; i < count && how != none; ++i) {
    const Change& change = node.pending[i];
    if (how == some_writes && below(2) == 0) continue;
    if (change.truncates) {
      if ((how != some_sectors || i < truncates_seen) && change.offset < content.size()) content.resize(change.offset);
      continue;
    }
    if (how != some_sectors) {
      put(content, change.offset, change.bytes, filler);
      continue;
    }
    const size_t end = change.offset + change.bytes.size();
    for (size_t from = change.offset; from < end;) {
      const size_t to = std::min(end, (from / kSectorBytes + 1) * kSectorBytes);
      if (i < limit(from / kSectorBytes)) put(content, from, std::string_view(change.bytes).substr(from - change.offset, to - from), filler);
      from = to;
    }
  }
  return content;
}

void FaultyDisk::restart() {
  if (open_files_ != 0) throw std::logic_error("the disk restarts while files are open");
  Names all = names_;
  all.insert(synced_names_.begin(), synced_names_.end());
  Names now;
  for (const auto& each : all) {
    const std::string& path = each.first;
    const auto find = [&](const Names& names) {
      const auto found = names.find(path);
      return found == names.end() ? nullptr : found->second;
    };
    const auto before = find(synced_names_), after = find(names_);
    // Removed and made anew: it may be one or the other, or not there.
    const uint64_t choice = before == after ? 0 : below(before != nullptr && after != nullptr ? 3 : 2);
    const auto chosen = choice == 0 ? before : choice == 1 ? after : nullptr;
    if (chosen == nullptr) {
      std::filesystem::remove(path);
      continue;
    }
    chosen->synced = surviving(*chosen);
    chosen->pending.clear();
    write_file(path, chosen->synced);
    now[path] = chosen;
  }
  names_ = synced_names_ = now;
  for (const auto& path : shared_memory_) {
    const uint64_t choice = below(3);
    if (choice == 0) std::filesystem::remove(path);
    if (choice == 1) write_file(path, std::string(32'768, '\x5a'));
  }
  shared_memory_.clear();
  faults_.clear();
  cut_at_.reset();
  powered_ = true;
}

}  // namespace penstock::test
