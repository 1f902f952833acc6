// Options, tokens and names that nobody in their right mind would give, drawn by the seed.
#include "conformance/fault_groups.hpp"
#include "conformance/fault_scene.hpp"
#include "conformance/option_values.hpp"
#include "conformance/trial_object.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <system_error>

namespace penstock::host::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kTokens = 64;
constexpr size_t kMaxToken = 64 << 10;
constexpr std::chrono::seconds kOptionsTime{2};

// What would be looked up in the network, for as long as that takes.
bool leads_elsewhere(std::string_view name, const ServerOptions& server) {
  constexpr std::string_view kWords[] = {"host", "server", "url", "uri", "address", "endpoint", "dsn", "connection", "account", "nodes", "sentinel"};
  if (name == server.host || name == server.port || name == server.url) return true;
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

// A folder of the check's own as the working directory: a plugin may make files of the names that it is given.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "penstock-check-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void open_with_variants(Trial& trial) {
  Session session(trial);
  const OptionSet given = session.options();
  const auto until = Clock::now() + kOptionsTime;
  auto variants = option_variants(trial.component(), given, trial.seed());
  std::shuffle(variants.begin(), variants.end(), std::mt19937_64(trial.seed()));
  size_t tried = 0;
  for (OptionVariant& variant : variants) {
    if (Clock::now() > until) break;
    for (const OptionSetting& setting : std::vector<OptionSetting>(variant.options.settings())) {
      if (!leads_elsewhere(setting.name, trial.quirks().server)) continue;
      if (const OptionSetting* own = given.find(setting.name)) variant.options.set(OptionSetting(*own));
      else variant.options.remove(setting.name);
    }
    trial.step("open with " + variant.what);
    FakeCall call;
    call.set_deadline_ms_from_now(500);
    Answer opened;
    TrialObject object(session, variant.options, opened, &call);
    if (opened.ok()) object.ping();
    ++tried;
  }
  trial.measure("sets of options", static_cast<double>(tried), "");
}

// In a process of its own, so that the folder goes also when the plugin dies.
void check_options(Trial& trial) {
  const ScratchFolder scratch;
  trial.apart("with hostile options", [&] {
    std::filesystem::create_directories(scratch.path() / "1/2/3/4");
    std::filesystem::current_path(scratch.path() / "1/2/3/4");
    open_with_variants(trial);
  });
}

std::string drawn_bytes(std::mt19937_64& random, size_t size) {
  std::string out(size, '\0');
  for (char& byte : out) byte = static_cast<char>(random());
  return out;
}

std::string mutated(std::string token, std::mt19937_64& random) {
  switch (random() % 6) {
    case 0: return {};
    case 1: return drawn_bytes(random, random() % 64);
    case 2: return token + drawn_bytes(random, 1 + random() % 16);
    case 3: return token.substr(0, token.empty() ? 0 : random() % token.size());
    case 4: return token + std::string(kMaxToken - std::min(token.size(), kMaxToken), 'x');
    default:
      if (!token.empty()) token[random() % token.size()] ^= static_cast<char>(1 << (random() % 8));
      return token;
  }
}

std::string in_hex(const std::string& bytes) { return testing::detail::hexadecimal(std::string_view(bytes).substr(0, 48)); }

void check_tokens(Trial& trial) {
  Session session(trial);
  const ScanSubject subject(session);
  TrialSource source(session);
  const HorizonResult horizon = source.horizon(subject.table(), subject.cursor());
  const ScanSpec spec = subject.scan(horizon, names_of(source.describe(subject.table())));
  const std::vector<std::string> tokens = source.plan(spec).tokens;
  std::mt19937_64 random(trial.seed());
  for (size_t i = 0; i < kTokens; ++i) {
    const std::string token = mutated(tokens.empty() ? std::string() : tokens[random() % tokens.size()], random);
    trial.step("scan with the token " + in_hex(token) + " of " + std::to_string(token.size()) + " bytes");
    TrialScan scan(session);
    TextRows rows;
    if (source.start(spec, token, scan).ok()) scan.rest(rows);
  }
  trial.step("scan with a good token");
  TextRows rows;
  TrialScan scan(session);
  if (tokens.empty()) return;
  if (const Answer answer = source.start(spec, tokens.front(), scan); !answer.ok()) trial.fail(answer.text(), "the source can still be used");
}

void check_names(Trial& trial) {
  Session session(trial);
  TrialSource source(session);
  const std::string names[] = {"x\"; DROP TABLE y; --", "x'; SELECT 1; --", "`x`", "../../../../etc/passwd", "%s%n%p", "a\nb\tc\x1b[31m", std::string(100'000, 'x'), "\xff\xfe", "*", "."};
  for (const std::string& name : names) {
    for (const bool as_schema : {false, true}) {
      TableSpec table;
      table.table = as_schema ? "x" : name;
      if (as_schema) table.schema = name;
      const std::string what = "describe a table with " + std::string(as_schema ? "the schema " : "the name ") + in_hex(name) + " of " + std::to_string(name.size()) + " bytes";
      trial.step(what);
      Schema schema;
      const Answer answer = source.describe(table, schema);
      trial.expect(!answer.ok(), what + ": OK", "an error for a table that cannot be there");
      // The peer refused it; the connection may be lost by that, but the object can be closed.
      if (answer.error.retry == PENSTOCK_RETRY_RECONNECT || answer.error.retry == PENSTOCK_RETRY_UNKNOWN_OUTCOME) return;
    }
  }
}

constexpr Check kChecks[] = {
    {"faults.hostile_options", Subject::component, "open survives any values of the declared types", "hostile-input", check_options, 2},
    {"faults.hostile_tokens", Subject::source, "a token that the source did not make is refused, or gives rows; nothing worse", "tokens", check_tokens, 2},
    {"faults.hostile_names", Subject::source, "names of tables may hold anything, and are never trusted", "hostile-input", check_names},
};

}  // namespace

std::span<const Check> hostile_input_checks() { return kChecks; }

}  // namespace penstock::host::conformance
