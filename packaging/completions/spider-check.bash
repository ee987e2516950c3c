# bash completion for spider-check; tests/e2e/test_completions.py holds it to the program's --help.

# Which spiders there are is known without a database: those that have logs. Never by compgen -W,
# which would run what is in a name like "$(reboot)".
_spider_check_spiders() {
  local name word
  while IFS= read -r name; do
    printf -v word %q "$name"
    [[ $name != "$cur"* && $word != "$cur"* ]] || COMPREPLY+=("$word")
  done < <("$@" logs 2>/dev/null)
}

_spider_check() {
  local cur prev words cword split
  _init_completion -s || return

  # What is typed already: the command, none for a tick, and how many words it has.
  local command='' config=() names='' operands=0 i word
  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    case $word in
      -c | --config)
        # Its quotes and its ~ are the shell's to take away, but nothing is run for that.
        ((++i < cword)) && [[ ${words[i]} != *[\$\`\(\;\&\|\<\>]* ]] &&
          eval "config=(-c ${words[i]})" 2>/dev/null
        ;;
      --config=*) config=("$word") ;;
      -o | --output | --wait | --since | --status | --max-age | --run | --attempt) ((++i)) ;;
      --spider) [[ $command ]] && ((++i)) || names=yes ;;
      -*) names='' ;;
      *)
        if [[ $command ]]; then
          ((++operands))
        elif [[ ! $names ]]; then
          command=$word
        fi
        ;;
    esac
  done

  case $prev in
    -c | --config | -o | --output) _filedir && return ;;
    --status) COMPREPLY=($(compgen -W 'running completed failed' -- "$cur")) && return ;;
    --spider) _spider_check_spiders "$1" "${config[@]}" && return ;;
    --wait | --since | --max-age | --run | --attempt) return ;;
  esac
  $split && return

  local options='-h --help -c --config -q --quiet -v --verbose'
  case $command in
    '') options+=' --version --force --spider --dry-run' ;;
    migrate) options+=' --wait' ;;
    status | show) options+=' --json' ;;
    history) options+=' --since --spider --status --json' ;;
    report) options+=' -o --output' ;;
    health) options+=' --max-age' ;;
    logs) options+=' --run --attempt -f --follow' ;;
    prune) options+=' --dry-run' ;;
    notify) options+=' --test' ;;
    init) options+=' -o --output --stdout --cron' ;;
    metrics | check) ;;
    *) return ;;
  esac

  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ $names || $command == logs && $operands == 0 ]]; then
    _spider_check_spiders "$1" "${config[@]}"
  elif [[ ! $command ]]; then
    COMPREPLY=($(compgen -W 'migrate status history show report health metrics logs prune check
      notify init' -- "$cur"))
  elif [[ $command == init ]]; then
    _filedir -d
  fi
} &&
  complete -F _spider_check spider-check
