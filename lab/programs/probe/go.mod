module kubespan.invalid/probe

go 1.24.0
