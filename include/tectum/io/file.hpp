// Files: bytes from a path or from memory read by offset, and a write that is complete or has not happened.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <tectum/io/reader.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// Bytes that can be read at any offset: a regular file, or memory that outlives the source. `label` names it in errors.
class byte_source {
 public:
  explicit byte_source(const std::string& path) : label_(path) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) io_detail::fail(path, "file", "a readable file", std::generic_category().message(errno));
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(descriptor_);
      io_detail::fail(path, "file", "a regular file", "a directory, a device or a pipe");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  byte_source(std::span<const std::byte> memory, const std::string& label)
      : label_(label),
        memory_(memory),
        size_(memory.size()) {}
  byte_source(const byte_source&) = delete;
  byte_source& operator=(const byte_source&) = delete;
  ~byte_source() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  const std::string& label() const noexcept { return label_; }
  std::uint64_t size() const noexcept { return size_; }

  // Fills `out` from `offset` on, or fails naming `item`.
  void read(std::uint64_t offset, std::span<std::byte> out, const char* item) const {
    if (offset > size_ || out.size() > size_ - offset)
      io_detail::fail(label_, item, io_detail::bytes_text(out.size()) + " at offset " + std::to_string(offset),
                      "a file of " + io_detail::bytes_text(size_));
    if (descriptor_ < 0) {
      std::ranges::copy(memory_.subspan(static_cast<std::size_t>(offset), out.size()), out.begin());
      return;
    }
    while (!out.empty()) {
      const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        io_detail::fail(label_, item, io_detail::bytes_text(out.size()) + " more",
                        got < 0 ? std::generic_category().message(errno) : "a file that became shorter");
      out = out.subspan(static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
  }

 private:
  std::string label_;
  std::span<const std::byte> memory_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
};

// The whole of a regular file of at most `limit` bytes (default 1 GiB); else file_error.
inline std::vector<std::byte> read_file(const std::string& path, std::uint64_t limit = std::uint64_t{1} << 30) {
  const byte_source source(path);
  if (source.size() > limit)
    io_detail::fail(path, "file", "at most " + io_detail::bytes_text(limit), io_detail::bytes_text(source.size()));
  std::vector<std::byte> bytes(static_cast<std::size_t>(source.size()));
  source.read(0, bytes, "file");
  return bytes;
}

// Writes PATH.tmp; commit() makes it PATH in one step. Without commit() PATH stays as it was and PATH.tmp is removed.
class atomic_file {
 public:
  explicit atomic_file(const std::string& path) : path_(path), aside_(path + ".tmp") {
    descriptor_ = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor_ < 0) io_detail::fail(aside_, "file", "a writable file", std::generic_category().message(errno));
  }
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!committed_) ::unlink(aside_.c_str());
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) failed("room for " + io_detail::bytes_text(bytes.size()));
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }

  // Flushes to the disk, then renames, then flushes the folder: after a crash PATH is the old file or the new one.
  void commit() {
    if (::fsync(descriptor_) != 0) failed("fsync");
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) failed("close");
    if (::rename(aside_.c_str(), path_.c_str()) != 0) failed("rename");
    committed_ = true;
    const std::size_t slash = path_.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    if (const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); descriptor >= 0) {
      ::fsync(descriptor);  // some file systems cannot; the rename itself has been done
      ::close(descriptor);
    }
  }

 private:
  [[noreturn]] void failed(std::string expected) const {
    io_detail::fail(path_, "writing", std::move(expected), std::generic_category().message(errno));
  }

  std::string path_, aside_;
  int descriptor_ = -1;
  bool committed_ = false;
};

// Replaces the file at `path` by `bytes`, wholly or not at all.
inline void write_file(const std::string& path, std::span<const std::byte> bytes) {
  atomic_file file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace tectum::inline TECTUM_ABI
