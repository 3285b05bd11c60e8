#!/usr/bin/env bash
# 02: o bucket do lakehouse.
#
# Cria importau-lakehouse-SEU_NOME (privado, cifrado, com versões), ou diz que ele já existe e é seu.
# Uso: scripts/02-bucket.sh [--bucket OUTRO_NOME] [--show-commands]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 02 Bucket: crio o bucket do lakehouse, se ele ainda não existir."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
bucket=$(./importau bucket ${IMPORTAU_LOCAL:+--local} "$@")
echo "==> Pronto: o bucket é s3://$bucket. Próximo: scripts/03-install.sh"
