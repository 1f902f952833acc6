#include "app/daemon.hpp"

#include "app/definitions.hpp"
#include "app/endpoint_file.hpp"
#include "app/run_job.hpp"
#include "app/store_reader.hpp"
#include "app/view_runner.hpp"
#include "app/view_status.hpp"
#include "base/time_text.hpp"
#include "observe/progress.hpp"
#include "run/shared_look.hpp"
#include "schedule/scheduler.hpp"
#include "serve/http_server.hpp"
#include "serve/routes.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <unistd.h>

namespace penstock::host {
namespace {

namespace asio = boost::asio;

constexpr size_t kServiceThreads = 4;  // HTTP reads, reloads, definitions: whatever blocks and is not a run
constexpr std::chrono::seconds kDefinitionsPoll{1};
// What all views together may remember of the rows that they wrote.
constexpr int64_t kRepeatBytes = 64 << 20, kRepeatShareOfLimit = 4;

}  // namespace

// Members of the loop are touched by the loop's thread alone; what other threads read is behind mutex_ or thread-safe itself.
class Daemon::Impl {
 public:
  Impl(std::filesystem::path config_path, Workspace& workspace, State& state, Log& log, Metrics& metrics, const Clock& clock)
      : config_path_(std::move(config_path)), workspace_(workspace), state_(state), log_(log), metrics_(metrics), clock_(clock),
        configuration_(workspace.configuration()), settings_(configuration_->host),
        runner_(workspace.connections(), state, log, clock, run_limits(settings_)), retries_(retry_policy(settings_)),
        runners_(static_cast<size_t>(settings_.workers)), services_(kServiceThreads), signals_(loop_), definitions_timer_(loop_), stop_timer_(loop_),
        reader_(workspace.connections(), settings_.call_timeout) {}

  Result<void> run();

 private:
  struct Running {
    std::shared_ptr<CancelToken> cancel;
  };

  std::shared_ptr<const Configuration> configuration() const {
    const std::lock_guard lock(mutex_);
    return configuration_;
  }

  Result<void> open_http();
  void wait_for_signal();
  void on_signal(int signal);
  void use(std::shared_ptr<const Configuration> configuration);

  void start_run(const DueView& due);
  void put_back(const std::vector<ViewId>& views);
  void run_ended(const RunReport& report);
  void log_report(const RunReport& report, const std::optional<std::chrono::nanoseconds>& retry);
  void measure(const RunReport& report);

  void reload();
  void watch_definitions();
  void read_definitions();
  void stop();
  void finish_when_idle();
  ReadyReport ready_report() const;

  const std::filesystem::path config_path_;
  Workspace& workspace_;
  State& state_;
  Log& log_;
  Metrics& metrics_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Configuration> configuration_;
  const HostSettings settings_;  // of the start: host settings do not change while a host lives
  const ViewRunner runner_;
  const RetryPolicy retries_;

  asio::io_context loop_{1};
  asio::thread_pool runners_;
  asio::thread_pool services_;
  asio::signal_set signals_;
  asio::steady_timer definitions_timer_;
  asio::steady_timer stop_timer_;
  StoreReader reader_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<HttpServer> http_;
  bool http_stopped_ = true;

  std::map<ViewId, Running> running_;
  const std::shared_ptr<RepeatBudget> repeat_budget_ =
      std::make_shared<RepeatBudget>(static_cast<size_t>(std::min(kRepeatBytes, settings_.memory_limit / kRepeatShareOfLimit)));
  std::map<ViewId, std::shared_ptr<RepeatFilter>> repeats_;  // one run of a view at a time has it
  std::map<ViewId, int64_t> failed_attempts_;
  std::map<ViewId, std::string> not_ready_;
  std::atomic<int64_t> definitions_version_{-1};
  std::atomic<bool> reloading_{false};
  bool stopping_ = false;
};

Result<void> Daemon::Impl::run() {
  if (auto version = state_.definitions_version()) definitions_version_ = *version;
  if (settings_.http)
    if (auto opened = open_http(); !opened) return opened;
  scheduler_ = std::make_unique<Scheduler>(loop_, clock_, settings_.workers, [this](const DueView& due) { start_run(due); });
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) signals_.add(signal);
  wait_for_signal();
  asio::post(loop_, [this] { use(configuration()); });
  watch_definitions();
  log_.info("host started: views: " + std::to_string(configuration()->views.size()) + ", pid " + std::to_string(getpid()) +
            (http_ ? ", http://" + settings_.http_address + ":" + std::to_string(http_->port()) : ""));
  loop_.run();
  runners_.join();
  services_.join();
  http_.reset();
  if (settings_.http) remove_endpoint(settings_.state_dir);
  log_.info("host stopped");
  return {};
}

Result<void> Daemon::Impl::open_http() {
  HostEndpoints endpoints;
  endpoints.ready = [this] { return ready_report(); };
  endpoints.metrics = [this] { return metrics_.text(clock_.wall_ns()); };
  endpoints.status = [this]() -> Result<std::string> {
    auto statuses = view_statuses(*configuration(), state_, clock_.wall_ns(), true);
    if (!statuses) return std::move(statuses.failure());
    return status_json(*statuses, getpid());
  };
  endpoints.configuration = [this] { return configuration(); };
  endpoints.reader = &reader_;
  HttpOptions options;
  options.address = settings_.http_address;
  options.port = static_cast<uint16_t>(settings_.http_port);
  auto server = HttpServer::open(loop_.get_executor(), services_, clock_, log_, options, host_routes(std::move(endpoints)),
                                 [this](std::string_view route, unsigned code, double seconds) { metrics_.add_http_request(route, code, seconds); });
  if (!server) return std::move(server.failure()).in("http");
  http_ = std::move(*server);
  http_stopped_ = false;
  return write_endpoint(settings_.state_dir, {settings_.http_address, http_->port()});
}

void Daemon::Impl::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    on_signal(signal);
    wait_for_signal();
  });
}

void Daemon::Impl::on_signal(int signal) {
  if (signal == SIGHUP) return reload();
  if (signal == SIGUSR1) {
    for (const View& view : configuration()->views)
      if (view.materialized()) scheduler_->run_now(view.id);
    return;
  }
  stop();
}

// From now on the host works by this configuration. Runs under way end by the one they began with.
void Daemon::Impl::use(std::shared_ptr<const Configuration> configuration) {
  std::vector<ScheduledView> views;
  for (const View& view : configuration->views) {
    if (!view.materialized()) continue;
    const BatchSource* source = find_batch_source(*configuration, view.batch_source);
    views.push_back({view.id, view.interval.value_or(configuration->host.interval), configuration->host.jitter,
                     source == nullptr ? std::string() : look_key(view, *source)});
    if (failed_attempts_.emplace(view.id, 0).second) not_ready_[view.id] = "its first run is not over";
  }
  for (auto known = failed_attempts_.begin(); known != failed_attempts_.end();) {
    const View* view = find_view(*configuration, known->first);
    if (view != nullptr && view->materialized()) {
      ++known;
      continue;
    }
    metrics_.forget_view(known->first);
    not_ready_.erase(known->first);
    repeats_.erase(known->first);
    known = failed_attempts_.erase(known);
  }
  {
    const std::lock_guard lock(mutex_);
    configuration_ = std::move(configuration);
  }
  if (!stopping_) scheduler_->set_views(views);
}

void Daemon::Impl::start_run(const DueView& due) {
  auto cancel = std::make_shared<CancelToken>();
  std::vector<ViewRunner::Wanted> wanted;
  const auto want = [&](const ViewId& id, DueReason reason) {
    auto& repeats = repeats_[id];
    if (!repeats) repeats = std::make_shared<RepeatFilter>(repeat_budget_);
    running_[id] = {cancel};
    wanted.push_back({id, reason, failed_attempts_[id] + 1, repeats, metrics_.view(id)});
  };
  want(due.view, due.reason);
  for (const Companion& companion : due.companions) want(companion.view, companion.reason);
  asio::post(runners_, [this, configuration = configuration(), wanted = std::move(wanted), cancel] {
    const ViewRunner::Tell tell{
        [this](std::vector<RunReport> reports) {
          asio::post(loop_, [this, reports = std::move(reports)] {
            for (const RunReport& report : reports) run_ended(report);
          });
        },
        [this](std::vector<ViewId> views) { asio::post(loop_, [this, views = std::move(views)] { put_back(views); }); },
    };
    runner_.run(*configuration, wanted, cancel, tell);
  });
}

void Daemon::Impl::put_back(const std::vector<ViewId>& views) {
  for (const ViewId& id : views) {
    running_.erase(id);
    scheduler_->put_back(id);
  }
  if (stopping_) finish_when_idle();
}

void Daemon::Impl::run_ended(const RunReport& report) {
  const ViewId& id = report.record.view;
  running_.erase(id);
  std::optional<std::chrono::nanoseconds> retry;
  const auto known = failed_attempts_.find(id);
  if (known == failed_attempts_.end()) {
    // The view was removed while it ran.
    log_report(report, retry);
    scheduler_->finished(id);
    if (stopping_) finish_when_idle();
    return;
  }
  int64_t& attempts = known->second;
  if (report.failure) {
    retry = retries_.after(*report.failure, ++attempts);
    not_ready_[id] = report.failure->message;
    if (!retry) attempts = 0;  // from its next interval on it starts counting anew
  } else {
    attempts = 0;
    not_ready_.erase(id);
  }
  measure(report);
  log_report(report, retry);
  scheduler_->finished(id, stopping_ ? std::nullopt : retry, !report.failure && report.record.read == 0);
  if (stopping_) finish_when_idle();
}

void Daemon::Impl::log_report(const RunReport& report, const std::optional<std::chrono::nanoseconds>& retry) {
  if (!report.notice.empty()) log_.warn(report.record.view.label() + ": " + report.notice);
  if (!report.failure) {
    // A tick that found nothing is not news.
    const LogLevel level = report.record.read > 0 ? LogLevel::info : LogLevel::debug;
    return log_.write(level, run_summary(report.record) + ", took " + format_duration(report.elapsed_ns));
  }
  if (report.record.outcome == RunOutcome::cancelled) return log_.info(report.failure->message);
  std::string next = retry ? "attempt " + std::to_string(report.record.attempts) + " of " + std::to_string(retries_.max_retries + 1) + "; again in " +
                                 format_duration(retry->count())
                           : "again at its next interval";
  log_.write(retry ? LogLevel::warn : LogLevel::error, report.failure->message + " (" + next + ")");
}

void Daemon::Impl::measure(const RunReport& report) {
  const RunRecord& record = report.record;
  const auto view = metrics_.view(record.view);
  view->add_rows({record.read, record.written, record.unchanged, record.stale, record.rejected});
  view->add_null_cursors(record.without_cursor);
  view->finish_run(outcome_name(record.outcome), static_cast<double>(report.elapsed_ns) / 1e9);
  view->set_failing(report.failure.has_value());
  if (!record.guarantee.empty()) {
    view->set_guarantee(record.guarantee[0] - 'A' + 1, record.guarantee_why);
    view->set_holder(record.holder);
  }
  if (report.failure) return;
  view->set_position(leading_instant(record.to));
}

// SIGHUP: the configuration is read again; a bad one changes nothing.
void Daemon::Impl::reload() {
  if (stopping_ || reloading_.exchange(true)) return;
  asio::post(services_, [this] {
    const auto allowed = [this](const Configuration& wanted) -> std::vector<Problem> {
      auto changes = planned_changes(state_, wanted);
      if (!changes) return {{{}, "", changes.failure().message}};
      return refusals(*changes);
    };
    const auto problems = workspace_.load(config_path_, allowed);
    for (const Problem& problem : problems) log_.error(problem.text());
    if (!problems.empty()) {
      log_.error("configuration not reloaded: " + std::to_string(problems.size()) + (problems.size() == 1 ? " problem" : " problems") + "; the old one stays");
    } else if (auto registered = register_definitions(state_, *workspace_.configuration(), clock_.wall_ns()); !registered) {
      log_.error("configuration not reloaded: " + registered.failure().message);
    } else {
      if (auto version = state_.definitions_version()) definitions_version_ = *version;
      asio::post(loop_, [this, configuration = workspace_.configuration()] { use(configuration); });
      log_.info("configuration reloaded");
    }
    reloading_ = false;
  });
}

void Daemon::Impl::watch_definitions() {
  definitions_timer_.expires_after(kDefinitionsPoll);
  definitions_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    if (!reloading_.exchange(true))
      asio::post(services_, [this] {
        read_definitions();
        reloading_ = false;
      });
    watch_definitions();
  });
}

// `penstock apply` from another process changed the definitions.
void Daemon::Impl::read_definitions() {
  auto version = state_.definitions_version();
  if (!version || *version == definitions_version_) return;
  auto configuration = registered_configuration(state_, *workspace_.configuration());
  definitions_version_ = *version;
  if (!configuration) return log_.error("the applied definitions cannot be used: " + configuration.failure().message);
  workspace_.replace(std::make_shared<const Configuration>(std::move(*configuration)));
  asio::post(loop_, [this, now = workspace_.configuration()] { use(now); });
  log_.info("applied definitions picked up");
}

// Runs get half of stop_timeout to end by themselves, then they are cancelled; after all of it the process ends regardless:
// whatever a run has done by then is repeated by the next host.
void Daemon::Impl::stop() {
  if (std::exchange(stopping_, true)) {
    for (auto& [id, run] : running_) run.cancel->cancel();
    return;
  }
  log_.info("stopping: " + std::to_string(running_.size()) + " runs under way");
  scheduler_->stop();
  definitions_timer_.cancel();
  if (http_) http_->stop([this] {
    http_stopped_ = true;
    finish_when_idle();
  });
  const auto half = settings_.stop_timeout / 2;
  stop_timer_.expires_after(half);
  stop_timer_.async_wait([this, half](const boost::system::error_code& error) {
    if (error) return;
    for (auto& [id, run] : running_) run.cancel->cancel();
    stop_timer_.expires_after(half);
    stop_timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      for (auto& [id, run] : running_) log_.error(id.label() + ": did not end within stop_timeout; the next host repeats it");
      _exit(1);
    });
  });
  finish_when_idle();
}

void Daemon::Impl::finish_when_idle() {
  if (!running_.empty() || !http_stopped_) return;
  stop_timer_.cancel();
  signals_.cancel();
}

ReadyReport Daemon::Impl::ready_report() const {
  ReadyReport report;
  for (const auto& [id, reason] : not_ready_) report.not_ready.push_back({id.label(), reason});
  return report;
}

Daemon::Daemon(std::filesystem::path config_path, Workspace& workspace, State& state, Log& log, Metrics& metrics, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(config_path), workspace, state, log, metrics, clock)) {}

Daemon::~Daemon() = default;

Result<void> Daemon::run() { return impl_->run(); }

}  // namespace penstock::host
