/**
 * The scripts that a shell loads. Each only hands the words to `kubespan complete`, so that they need not change with the
 * command line.
 */
export const scripts = {
  bash: `# bash completion for kubespan
_kubespan() {
  local IFS=$'\\n'
  COMPREPLY=($(kubespan complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _kubespan kubespan
`,
  zsh: `#compdef kubespan
_kubespan() {
  local -a found
  found=("\${(@f)$(kubespan complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then
    compadd -- "\${found[@]}"
  else
    _files
  fi
}
compdef _kubespan kubespan
`,
  fish: `# fish completion for kubespan
function __kubespan_complete
  set -l words (commandline -opc) (commandline -ct)
  kubespan complete -- $words[2..-1] 2>/dev/null
end
complete -c kubespan -a '(__kubespan_complete)'
`,
} as const;
