// Package apiserver names the module that test/kubernetes builds, so that its versions are pinned here.
package apiserver

import _ "k8s.io/kubernetes/cmd/kube-apiserver/app"
