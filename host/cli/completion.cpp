#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

namespace penstock::host {
namespace {

// Names come from the configuration on the command line, so the script asks the program itself for them.
constexpr const char* kScript = R"bash(# bash completion for penstock
_penstock() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= config=() i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -c|--config) config=(-c "${COMP_WORDS[i+1]}"); ((i++)) ;;
      -*) ;;
      *) [[ -z $command ]] && command=${COMP_WORDS[i]} ;;
    esac
  done
  case $prev in
    -c|--config|--plugin-dir|--quirks|--junit|--dir) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --lang) COMPREPLY=($(compgen -W "c cpp" -- "$cur")); return ;;
    --format) COMPREPLY=($(compgen -W "table markdown toml schema" -- "$cur")); return ;;
    --service) COMPREPLY=($(compgen -W "$(penstock completion --words services "${config[@]}" 2>/dev/null)" -- "$cur")); return ;;
  esac
  local flags="-c --config --json -h --help" words=
  case $command in
    "") flags="--help --help-all --version"; words="validate plan apply run materialize status history get plugins completion" ;;
    validate) flags+=" --online" ;;
    materialize) flags+=" --full --from --to --dry-run"; words=$(penstock completion --words views "${config[@]}" 2>/dev/null) ;;
    history) flags+=" -n --limit --rejects --drop-rejects"; words=$(penstock completion --words views "${config[@]}" 2>/dev/null) ;;
    get) flags+=" --service"; words=$(penstock completion --words views "${config[@]}" 2>/dev/null) ;;
    plugins) flags+=" --plugin-dir --format --quirks --include --seed --timeout --junit --list --lang --dir"; words="list info schema check new"
             for ((i = 1; i < COMP_CWORD; i++)); do [[ ${COMP_WORDS[i]} == check ]] && words=$(compgen -f -- "$cur"); done
             [[ $prev == new ]] && words="source sink both"
             [[ $prev == info ]] && words=$(penstock completion --words plugins "${config[@]}" 2>/dev/null) ;;
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur")); else COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -F _penstock penstock
)bash";

}  // namespace

int completion_command(const Arguments& arguments) {
  if (arguments.words.empty()) return print(kScript), kDone;
  const Loaded loaded = load_configuration(arguments.config);
  std::string out;
  if (arguments.words == "views") {
    for (const View& view : loaded.configuration.views) out += view.id.qualified() + "\n";
  } else if (arguments.words == "services") {
    for (const Service& service : loaded.configuration.services) out += service.name + "\n";
  } else {
    Registry registry({});
    static_cast<void>(registry.load_directory(loaded.configuration.host.plugin_dir));
    for (const int32_t kind : {PENSTOCK_KIND_SOURCE, PENSTOCK_KIND_SINK})
      for (const std::string& id : registry.ids(kind)) out += id + "\n";
  }
  print(out);
  return kDone;
}

}  // namespace penstock::host
