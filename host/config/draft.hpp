// The definitions while they are being read: with the places of their keys, which the rules across definitions need.
#pragma once

#include "config/definitions.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

using KeyLocations = std::map<std::string, Location, std::less<>>;

template <class T>
struct Drafted {
  T definition;
  std::string object;  // for messages: `view "users" v1`
  KeyLocations keys;   // what was written, and where

  bool given(std::string_view key) const { return keys.find(key) != keys.end(); }
  // Where the key is, or the definition when it was not written.
  const Location& at(std::string_view key) const {
    const auto found = keys.find(key);
    return found == keys.end() ? definition.where : found->second;
  }
};

inline constexpr size_t kMaxProblems = 500;

struct Draft {
  std::vector<Drafted<HostSettings>> hosts;  // one, or the second one is a problem
  std::vector<Drafted<Connection>> warehouses;
  std::vector<Drafted<Connection>> stores;
  std::vector<Drafted<BatchSource>> batch_sources;
  std::vector<Drafted<Entity>> entities;
  std::vector<Drafted<View>> views;
  std::vector<Drafted<Service>> services;
  std::vector<Problem> problems;
  std::vector<Problem> warnings;
  bool overflowed = false;  // there were more than kMaxProblems

  bool full() const { return problems.size() >= kMaxProblems; }
  void report(Problem problem) {
    if (full()) {
      overflowed = true;
    } else {
      problems.push_back(std::move(problem));
    }
  }
};

// The file being read.
struct Part {
  std::string file;              // for messages
  std::filesystem::path folder;  // relative paths start here
  Draft& draft;
};

}  // namespace penstock::host
