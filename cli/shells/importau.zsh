# Completion of importau for zsh, printed by `./importau completion zsh`.
_importau_completion() {
    local home line
    local -a described plain
    # The clone whose importau is being typed; where that cannot be told (an alias), the clone that printed this.
    home=${${(Q)words[1]}:A:h}
    [[ ${(Q)words[1]} == */* && -x $home/.venv/bin/python ]] || home=@HOME@
    [[ -x $home/.venv/bin/python ]] || { _files; return }
    while IFS= read -r line; do
        if [[ -n ${line#*$'\t'} ]]; then
            described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        else
            plain+=("${line%%$'\t'*}")
        fi
    done < <("$home/.venv/bin/python" -X utf8 -c @ENTRY@ "$home" zsh \
        "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( ${#described} )) && _describe importau described
    (( ${#plain} )) && compadd -a plain
    (( ${#described} + ${#plain} )) || _files
}
(( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
compdef _importau_completion importau
