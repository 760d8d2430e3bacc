/** A script for each shell. It only asks kgdump at each TAB, so that it never has to be made anew. */

const BASH = `# Completions of kgdump for bash.
_kgdump() {
  local words=() names=() rest=\${COMP_LINE:0:COMP_POINT} word gap index last raw current cut='' kind name about
  # Bash breaks words at : and =, which keys and maps have: what follows without a space is the same word.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    gap=\${rest%%[![:space:]]*}
    rest=\${rest:\${#gap}}
    word=\${COMP_WORDS[index]}
    [[ $index -eq $COMP_CWORD ]] && word=$rest
    rest=\${rest:\${#word}}
    last=$((\${#words[@]} - 1))
    if [[ -z $gap && $index -gt 0 ]]; then words[last]+=$word; else words+=("$word"); fi
  done
  last=$((\${#words[@]} - 1))
  raw=\${words[last]}
  for index in "\${!words[@]}"; do
    word=\${words[index]}
    case $word in
      \\'*) word=\${word#\\'} word=\${word%\\'} ;;
      \\"*) word=\${word#\\"} word=\${word%\\"} ;;
      *) word=\${word//\\\\/} ;;
    esac
    words[index]=$word
  done
  current=\${words[last]}
  COMPREPLY=()
  [[ $last -eq 0 ]] && return
  { read -r kind; while IFS=$'\\t' read -r name about; do names+=("$name"); done; } < <(kgdump completion words -- "\${words[@]:1}" 2>/dev/null)
  # Without a reply, bash proposes files.
  [[ $kind == files ]] && return
  if [[ $kind == directories ]]; then compopt +o default -o dirnames 2>/dev/null; return; fi
  compopt +o default 2>/dev/null
  [[ $kind == parts ]] && compopt -o nospace 2>/dev/null
  # What stands before the last break stays.
  [[ $raw == [\\'\\"]* ]] || cut=\${current%"\${current##*[:=]}"}
  for name in "\${names[@]}"; do
    name=\${name#"$cut"}
    [[ $raw == [\\'\\"]* ]] || printf -v name %q "$name"
    COMPREPLY+=("$name")
  done
}
complete -o default -F _kgdump kgdump
`;

const ZSH = `#compdef kgdump
# Completions of kgdump for zsh.
_kgdump() {
  local -a lines names shown space
  local line kind
  lines=("\${(@f)$(kgdump completion words -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  kind=$lines[1]
  case $kind in
    files) compset -P '--*='; _files ;;
    directories) compset -P '--*='; _files -/ ;;
    words|parts)
      for line in "\${(@)lines[2,-1]}"; do
        names+=("\${line%%$'\\t'*}")
        shown+=("\${line/$'\\t'/  }")
      done
      [[ $kind == parts ]] && space=(-S '')
      compadd "\${(@)space}" -d shown -- $names
      ;;
  esac
}
# As a file of fpath it is run, else sourced.
if [[ $funcstack[1] == _kgdump ]]; then _kgdump "$@"; else compdef _kgdump kgdump; fi
`;

const FISH = `# Completions of kgdump for fish.
function __kgdump_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (kgdump completion words -- $words[2..-1] "$current" 2>/dev/null)
    set -l option (string match -r -- '^--[^=]+=' $current)
    set -l typed (string replace -r -- '^--[^=]+=' '' $current)
    switch "$lines[1]"
        case files
            __fish_complete_path "$typed" | string replace -r '^' -- "$option"
        case directories
            __fish_complete_directories "$typed" '' | string replace -r '^' -- "$option"
        case '*'
            printf '%s\\n' $lines[2..-1]
    end
end
complete -c kgdump -f -a '(__kgdump_complete)'
`;

const POWERSHELL = `# Completions of kgdump for PowerShell 7.3 and newer.
Register-ArgumentCompleter -Native -CommandName kgdump -ScriptBlock {
    param($word, $line, $position)
    $words = @($line.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { if ($_.Value) { $_.Value } else { $_.ToString() } })
    $kind, $found = @(& kgdump completion words '--' @words "$word" 2>$null)
    # Without a result, PowerShell proposes files.
    foreach ($one in $found) {
        $name, $about = $one -split "\`t", 2
        $shown = if ($about) { $about } else { $name }
        $text = if ($name -match '[\\s\\\\{}()$;|&@,]') { "'" + $name.Replace("'", "''") + "'" } else { $name }
        [System.Management.Automation.CompletionResult]::new($text, $name, 'ParameterValue', $shown)
    }
}
`;

/** The scripts by the names of their shells. */
export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL } as const;
/** A shell. */
export type Shell = keyof typeof SCRIPTS;
/** The shells that there are scripts for. */
export const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];
