# What docker/build-push-action does, as far as docker's own build does it; its inputs are variables.

canary_build_push() {
  local words=() tags=() each
  while read -r each; do
    if [[ $each ]]; then tags+=("$each"); fi
  done <<<"${INPUT_TAGS//,/$'\n'}"
  for each in "${tags[@]}"; do words+=(--tag "$each"); done
  while read -r each; do
    if [[ $each ]]; then words+=(--build-arg "$each"); fi
  done <<<"${INPUT_BUILD_ARGS-}"
  if [[ ${INPUT_FILE-} ]]; then words+=(--file "$INPUT_FILE"); fi
  if [[ ${INPUT_TARGET-} ]]; then words+=(--target "$INPUT_TARGET"); fi
  docker build "${words[@]}" "${INPUT_CONTEXT:-.}" || return
  if [[ ${INPUT_PUSH-} != true ]]; then return 0; fi
  for each in "${tags[@]}"; do docker push "$each" || return; done
}
