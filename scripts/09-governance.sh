#!/usr/bin/env bash
# 09: governança.
#
# Os crawlers olham o S3, o catálogo recebe tabelas e pipelines, e o declarado é comparado com o que aconteceu.
# Uso: scripts/09-governance.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 09 Governança: executo os crawlers que têm o que descobrir e a Lambda de governança sobre o que está publicado."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
./importau run governance ${IMPORTAU_LOCAL:+--local}
echo "==> Pronto: o catálogo confere com os dados. Próximo: scripts/10-verify.sh"
