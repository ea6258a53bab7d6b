{{/* The chart's name. */}}
{{- define "larder.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The prefix of every object's name: 40 characters leave room for suffixes and ordinals under DNS's 63. */}}
{{- define "larder.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "larder.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "larder.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select a component's pods; they never change. Call with (list $ "node"). */}}
{{- define "larder.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "larder.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* All labels of a component's objects. Call with (list $ "node"). */}}
{{- define "larder.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{ include "larder.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: larder
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* `annotations:` from commonAnnotations and more, or nothing. Call with (list $ dict). */}}
{{- define "larder.annotations" -}}
{{- $root := index . 0 -}}
{{- with merge (dict) (index . 1) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* An image's reference. Call with (list image defaultTag). */}}
{{- define "larder.image" -}}
{{- $image := index . 0 -}}
{{- $name := $image.repository -}}
{{- if $image.registry -}}
{{- $name = printf "%s/%s" $image.registry $image.repository -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default (index . 1) $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "larder.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "larder.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "larder.authSecretName" -}}
{{- default (printf "%s-auth" (include "larder.fullname" .)) .Values.auth.existingSecret -}}
{{- end -}}

{{- define "larder.authSecretKey" -}}
{{- ternary .Values.auth.existingSecretKey "password" (ne .Values.auth.existingSecret "") -}}
{{- end -}}

{{/* The options by which a command reaches the nodes, as a JSON list. */}}
{{- define "larder.accessArgs" -}}
{{- $words := list -}}
{{- if .Values.auth.enabled -}}
{{- $words = concat $words (list "--password-file" "/etc/larder-auth/password") -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- $words = concat $words (list "--tls-authorities" "/etc/larder-tls/ca.crt" "--tls-certificate" "/etc/larder-tls/tls.crt" "--tls-key" "/etc/larder-tls/tls.key") -}}
{{- end -}}
{{- toJson $words -}}
{{- end -}}

{{/* The mounts of the password and the certificates. */}}
{{- define "larder.accessMounts" -}}
{{- if .Values.auth.enabled }}
- name: auth
  mountPath: /etc/larder-auth
  readOnly: true
{{- end }}
{{- if .Values.tls.enabled }}
- name: tls
  mountPath: /etc/larder-tls
  readOnly: true
{{- end }}
{{- end -}}

{{/* Their volumes; fsGroup makes the files readable to the process. */}}
{{- define "larder.accessVolumes" -}}
{{- if .Values.auth.enabled }}
- name: auth
  secret:
    secretName: {{ include "larder.authSecretName" . }}
    defaultMode: 0440
    items:
      - key: {{ include "larder.authSecretKey" . }}
        path: password
{{- end }}
{{- if .Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ .Values.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* The connect string: the given ensemble's, or that of the one the chart installs. */}}
{{- define "larder.zookeeperConnect" -}}
{{- if .Values.zookeeper.install -}}
{{- $servers := list -}}
{{- range $i := until (int .Values.zookeeper.replicas) -}}
{{- $servers = append $servers (printf "%s:2181" (include "larder.zookeeperHost" (list $ $i))) -}}
{{- end -}}
{{- join "," $servers -}}
{{- else -}}
{{- .Values.zookeeper.connect -}}
{{- end -}}
{{- end -}}

{{- define "larder.zookeeperHost" -}}
{{- $root := index . 0 -}}
{{- $name := printf "%s-zookeeper" (include "larder.fullname" $root) -}}
{{- printf "%s-%d.%s-headless.%s.svc.%s" $name (int (index . 1)) $name $root.Release.Namespace $root.Values.clusterDomain -}}
{{- end -}}

{{- define "larder.nodeDomain" -}}
{{- printf "%s-node-headless.%s.svc.%s" (include "larder.fullname" .) .Release.Namespace .Values.clusterDomain -}}
{{- end -}}

{{/* node.yaml: the chart's keys, and the user's. */}}
{{- define "larder.nodeConfig" -}}
{{- $config := deepCopy .Values.node.config -}}
{{- $_ := set $config "device" "/dev/larder" -}}
{{- $_ := set $config "cluster" .Values.cluster -}}
{{- if .Values.node.zone.value -}}
{{- $_ := set $config "zone" .Values.node.zone.value -}}
{{- end -}}
{{- $_ := set $config "listen" (dict "host" "0.0.0.0" "port" 7379) -}}
{{- $_ := set $config "http" (dict "host" "0.0.0.0" "port" 9379) -}}
{{- $_ := set $config "zookeeper" (include "larder.zookeeperConfig" . | fromYaml) -}}
{{- if .Values.auth.enabled -}}
{{- $_ := set $config "security" (dict "passwordFile" "/etc/larder-auth/password") -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- $_ := set $config "tls" (dict "certificate" "/etc/larder-tls/tls.crt" "key" "/etc/larder-tls/tls.key" "authorities" "/etc/larder-tls/ca.crt" "requireClientCertificate" .Values.tls.requireClientCertificate) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "larder.coordinatorConfig" -}}
{{- $config := dict "cluster" .Values.cluster -}}
{{- $_ := set $config "http" (dict "listen" "0.0.0.0:9378") -}}
{{- $_ := set $config "zookeeper" (include "larder.zookeeperConfig" . | fromYaml) -}}
{{- with .Values.coordinator.assignment -}}
{{- $_ := set $config "assignment" . -}}
{{- end -}}
{{- $security := dict -}}
{{- if .Values.auth.enabled -}}
{{- $_ := set $security "passwordFile" "/etc/larder-auth/password" -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- $_ := set $security "tlsAuthorities" "/etc/larder-tls/ca.crt" -}}
{{- $_ := set $security "tlsCertificate" "/etc/larder-tls/tls.crt" -}}
{{- $_ := set $security "tlsKey" "/etc/larder-tls/tls.key" -}}
{{- end -}}
{{- with $security -}}
{{- $_ := set $config "security" . -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "larder.zookeeperConfig" -}}
connect: {{ include "larder.zookeeperConnect" . | quote }}
sessionTimeoutMs: {{ int .Values.zookeeper.sessionTimeoutMs }}
tickMs: {{ int .Values.zookeeper.tickMs }}
{{- end -}}

{{/* A container of Larder's own has no privilege that it does not need. */}}
{{- define "larder.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The container that opens the device: the kubelet gives any pod a claim's device, but only a privileged one a host's device. */}}
{{- define "larder.deviceSecurityContext" -}}
{{- if eq .Values.node.device.source "hostPath" -}}
privileged: true
readOnlyRootFilesystem: true
{{- else -}}
{{- include "larder.containerSecurityContext" . -}}
{{- end -}}
{{- end -}}

{{- define "larder.deviceAttachment" -}}
{{- if eq .Values.node.device.source "hostPath" -}}
volumeMounts:
  - name: device
    mountPath: /dev/larder
{{- else -}}
volumeDevices:
  - name: device
    devicePath: /dev/larder
volumeMounts:
{{- end }}
{{- end -}}

{{/* Bytes of a quantity: Kubernetes' "8Gi", "2.5G" or "1000m", Larder's "8GiB", or a plain number. */}}
{{- define "larder.bytes" -}}
{{- $text := include "larder.plain" . -}}
{{- $units := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 -}}
{{- $unit := regexReplaceAll "^[0-9.]+" $text "" | trimSuffix "B" -}}
{{- if not (hasKey $units $unit) -}}
{{- fail (printf "%s is no number of bytes: give it as 512Mi, 8Gi or 8G" $text) -}}
{{- end -}}
{{- mulf (regexFind "^[0-9.]+" $text | float64) (get $units $unit) | int64 -}}
{{- end -}}

{{/* Bytes of a heap as -Xmx takes it: "512m", "2g". */}}
{{- define "larder.heapBytes" -}}
{{- include "larder.bytes" (printf "%si" (upper .)) -}}
{{- end -}}

{{/* A value as text. Helm reads numbers as floats, and Go prints large ones as 1e+06. */}}
{{- define "larder.plain" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}
