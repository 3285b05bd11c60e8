# Completion of importau for fish, printed by `./importau completion fish`.
function __importau_completion
    set -l words (commandline -opc) (commandline -ct)
    # The clone whose importau is being typed; where that cannot be told (an alias), the clone that printed this.
    set -l home (dirname -- (string replace -r '^~' $HOME -- $words[1]))
    test -x $home/.venv/bin/python -a -e $home/importau; or set home @HOME@
    test -x $home/.venv/bin/python; or return
    set -l found ($home/.venv/bin/python -X utf8 -c @ENTRY@ $home fish $words[2..-1] 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command importau --no-files --arguments '(__importau_completion)'
