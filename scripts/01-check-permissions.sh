#!/usr/bin/env bash
# 01: quem sou eu, e o que posso fazer nesta conta?
#
# Pergunta à AWS a identidade, a região, o papel de execução e cada permissão de que o lakehouse precisa. Não muda nada.
# Uso: scripts/01-check-permissions.sh [opções de ./importau check, por exemplo --show-commands]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 01 Permissões: pergunto quem você é e o que a sua conta permite; nada é criado."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
./importau check ${IMPORTAU_LOCAL:+--local} "$@"
echo "==> Pronto: nada do que é necessário foi negado. Próximo: scripts/02-bucket.sh"
