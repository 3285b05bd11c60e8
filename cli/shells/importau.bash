# shellcheck shell=bash
# Completion of importau for bash (3.2 or newer), printed by `./importau completion bash`.
_importau_completion() {
    local program home value
    # The clone whose importau is being typed; where that cannot be told (an alias), the clone that printed this.
    program=$(type -P -- "$1") && home=$(dirname -- "$program")
    [[ -n ${home:-} && -x $home/.venv/bin/python ]] || home=@HOME@
    COMPREPLY=()
    [[ -x $home/.venv/bin/python ]] || return 0
    while IFS= read -r value; do
        COMPREPLY+=("$value")
    done < <("$home/.venv/bin/python" -X utf8 -c @ENTRY@ "$home" bash \
        "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _importau_completion importau
