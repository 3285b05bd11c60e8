#!/usr/bin/env bash
# 05: Bronze, dos CSVs às tabelas tipadas.
#
# Envia os CSVs, grava as tabelas, audita e publica todas de uma vez: uma versão do lago. O que não se pode usar vai
# para a quarentena, com o motivo.
# Uso: scripts/05-run-bronze.sh [PASTA_DOS_CSVS]
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

csv_dir=$project/csv_exports
if [[ ! -d $csv_dir && -d $(dirname "$project")/csv_exports ]]; then
    csv_dir=$(dirname "$project")/csv_exports
fi
csv_dir=${1:-$csv_dir}
echo "==> 05 Bronze: envio os CSVs de $csv_dir e executo StateMachine_DAG_bronze."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    "$project/importau" local up >/dev/null # a AWS embutida, em vez da sua conta
fi
# O que falta, ele pergunta; nada é inventado.
"$project/importau" run bronze --csv-dir "$csv_dir" ${IMPORTAU_LOCAL:+--local}
echo "==> Pronto: as tabelas estão publicadas. Próximo: scripts/06-run-silver.sh"
