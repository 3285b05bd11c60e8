#!/usr/bin/env bash
# 03: as ferramentas.
#
# Instala o que falta de requirements.lock (para o Python 3.11 a 3.13 mais novo que houver) e confere o template.
# Uso: scripts/03-install.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 03 Ferramentas: confiro os ambientes .venv e .venv-sam e valido o template."
./importau --install
./importau --version
.venv-sam/bin/aws --version
.venv-sam/bin/sam --version
SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate --lint --region us-east-1
echo "==> Pronto: tudo instalado, e o template é válido. Próximo: scripts/04-deploy.sh"
