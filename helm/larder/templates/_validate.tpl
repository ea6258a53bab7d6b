{{/* Checks beyond the schema: values that contradict each other. Each message names the values and the remedy. */}}
{{- define "larder.validate" -}}
{{- $zk := .Values.zookeeper -}}
{{- if and (not $zk.install) (not $zk.connect) -}}
{{- fail "zookeeper.connect is empty and zookeeper.install is false: give the servers as host:port[,host:port…], or set zookeeper.install=true" -}}
{{- end -}}
{{- if and $zk.install $zk.connect -}}
{{- fail "zookeeper.connect and zookeeper.install=true are both given: a cluster has one ensemble; set zookeeper.install=false to use the one that is there" -}}
{{- end -}}
{{- $session := int $zk.sessionTimeoutMs -}}
{{- $tick := int $zk.tickMs -}}
{{- if or (lt $session (mul 2 $tick | int)) (gt $session (mul 20 $tick | int)) -}}
{{- fail (printf "zookeeper.sessionTimeoutMs %d: ZooKeeper grants 2 to 20 times tickTime, here %d to %d; change it or zookeeper.tickMs" $session (mul 2 $tick) (mul 20 $tick)) -}}
{{- end -}}
{{- with .Values.auth -}}
{{- if and .password .existingSecret -}}
{{- fail "auth.password and auth.existingSecret are both given: give one" -}}
{{- end -}}
{{- if and .enabled (not .password) (not .existingSecret) -}}
{{- fail "auth.enabled is true and there is no password: set auth.existingSecret (or auth.password)" -}}
{{- end -}}
{{- if and (not .enabled) (or .password .existingSecret) -}}
{{- fail "auth.enabled is false but a password is given: the nodes would ask for none; set auth.enabled=true or drop the password" -}}
{{- end -}}
{{- end -}}
{{- with .Values.tls -}}
{{- if and .enabled (not .existingSecret) -}}
{{- fail "tls.enabled is true and tls.existingSecret is empty: name a Secret with tls.crt, tls.key and ca.crt, as cert-manager writes it" -}}
{{- end -}}
{{- if and (not .enabled) (or .existingSecret .requireClientCertificate) -}}
{{- fail "tls.enabled is false but tls.existingSecret or tls.requireClientCertificate is given: connections would be plain; set tls.enabled=true or drop it" -}}
{{- end -}}
{{- end -}}
{{- with .Values.node -}}
{{- if and (eq .device.source "hostPath") (not .device.hostPath.path) -}}
{{- fail "node.device.source is hostPath and node.device.hostPath.path is empty: give the device's path on the hosts, e.g. /dev/disk/by-partlabel/larder" -}}
{{- end -}}
{{- if and (ne .device.source "hostPath") .device.hostPath.path -}}
{{- fail (printf "node.device.hostPath.path is given but node.device.source is %s: set it to hostPath, or drop the path" .device.source) -}}
{{- end -}}
{{- if and (eq .device.source "hostPath") (ne .antiAffinity "required") -}}
{{- fail (printf "node.antiAffinity %s with node.device.source=hostPath: two nodes of one host would want the same device; set it to required" .antiAffinity) -}}
{{- end -}}
{{- if and .zone.value .zone.fieldPath -}}
{{- fail "node.zone.value and node.zone.fieldPath are both given: give one" -}}
{{- end -}}
{{- if and .preStop.drain.enabled (lt (int .terminationGracePeriodSeconds) 600) -}}
{{- fail (printf "node.preStop.drain.enabled with node.terminationGracePeriodSeconds %d: the drain would be killed half way; allow at least 600 s, better the time to copy a whole device" (int .terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- if le (int .terminationGracePeriodSeconds) (int .preStop.sleepSeconds) -}}
{{- fail (printf "node.terminationGracePeriodSeconds %d is no more than node.preStop.sleepSeconds %d: no time is left to close the device; raise it" (int .terminationGracePeriodSeconds) (int .preStop.sleepSeconds)) -}}
{{- end -}}
{{- end -}}
{{- $pool := (.Values.node.config).memory | default dict -}}
{{- $poolBytes := get $pool "poolBytes" | default "1GiB" -}}
{{- $nodeParts := list (list (printf "memory.poolBytes %s" (include "larder.plain" $poolBytes)) (include "larder.bytes" $poolBytes)) (list "512Mi for the JVM itself" 536870912) -}}
{{- if .Values.node.preStop.drain.enabled -}}
{{- $nodeParts = append $nodeParts (list "256Mi for the command that drains" 268435456) -}}
{{- end -}}
{{- $parts := list (list "192Mi for the JVM itself" 201326592) -}}
{{- include "larder.validateMemory" (list "node" .Values.node $nodeParts) -}}
{{- include "larder.validateMemory" (list "coordinator" .Values.coordinator $parts) -}}
{{- if $zk.install -}}
{{- include "larder.validateMemory" (list "zookeeper" $zk $parts) -}}
{{- end -}}
{{- end -}}

{{/* The heap and the other parts must fit the container's limit. Call with (list name values parts), a part being (list text bytes). */}}
{{- define "larder.validateMemory" -}}
{{- $name := index . 0 -}}
{{- $values := index . 1 -}}
{{- $needed := include "larder.heapBytes" $values.heap | int64 -}}
{{- if lt $needed 67108864 -}}
{{- fail (printf "%s.heap %s is too small: no JVM of Larder's works with it; give at least 64m" $name $values.heap) -}}
{{- end -}}
{{- $texts := list (printf "heap %s" $values.heap) -}}
{{- range index . 2 -}}
{{- $texts = append $texts (index . 0) -}}
{{- $needed = add $needed (index . 1 | int64) -}}
{{- end -}}
{{- $limit := (($values.resources).limits).memory -}}
{{- if $limit -}}
{{- if gt $needed (include "larder.bytes" $limit | int64) -}}
{{- fail (printf "%s.resources.limits.memory %s is too small: %s need %dMi; raise the limit or lower them" $name (include "larder.plain" $limit) (join ", " $texts) (div (add $needed 1048575) 1048576)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
