# Completion for bash: source this file, or copy it to /etc/bash_completion.d/dftp. Where dftp has no suggestion, file names complete.
_dftp() {
    local IFS=$'\n'
    mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _dftp dftp
