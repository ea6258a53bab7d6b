{{/* The node pods' affinity: the user's, or nodes apart from each other. */}}
{{- define "larder.nodeAffinity" -}}
{{- $apart := dict -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (include "larder.selectorLabels" (list . "node") | fromYaml)) -}}
{{- if eq .Values.node.antiAffinity "required" -}}
{{- $apart = dict "podAntiAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term)) -}}
{{- else if eq .Values.node.antiAffinity "preferred" -}}
{{- $apart = dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 100 "podAffinityTerm" $term))) -}}
{{- end -}}
{{- with merge (dict) .Values.node.affinity $apart -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/* The command before SIGTERM, as a list; empty if there is nothing to do. */}}
{{- define "larder.preStop" -}}
{{- $stop := .Values.node.preStop -}}
{{- if $stop.drain.enabled -}}
{{- $words := list -}}
{{- $wait := printf "--within=%d" (max 1 (sub (int .Values.node.terminationGracePeriodSeconds) (add 60 (int $stop.sleepSeconds)))) -}}
{{- $access := include "larder.accessArgs" . | fromJsonArray -}}
{{- range concat (list "larder" "admin" "node" "drain" "--yes" "--until-return" $wait "--zookeeper" (include "larder.zookeeperConnect" .) "--cluster" .Values.cluster) $access $stop.drain.extraArgs -}}
{{- $words = append $words (squote .) -}}
{{- end -}}
- /bin/sh
- -c
# A hook's command is not expanded by Kubernetes, so the shell does it. A drain that fails does not stop the pod's end.
# The node's own JVM options are not for this one: another collector, and a heap of the node's size.
- {{ printf "LARDER_JAVA_OPTS=-Xmx128m %s \"$LARDER_NODE_ID\"; sleep %d" (join " " $words) (int $stop.sleepSeconds) | quote }}
{{- else if gt (int $stop.sleepSeconds) 0 -}}
- sleep
- {{ int $stop.sleepSeconds | quote }}
{{- end -}}
{{- end -}}
