#!/bin/sh
# apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE, with sed and the settings in the manifest
set -eu
sed -e "s|\$deployment|$2|" -e "s|\$replicas|$3|" -e "s|\$img|$4|" -e "s|\$PORT|$PORT|" \
  -e "s|\$DB_HOST|$DB_HOST|" -e "s|\$DB_PORT|$DB_PORT|" -e "s|\$DB_SCHEMA|$DB_SCHEMA|" \
  -e "s|\$DB_USER|$DB_USER|" -e "s|\$DB_SSL|$DB_SSL|" "$1" | kubectl apply -f -
kubectl rollout status "deployment/$2" --timeout=120s
