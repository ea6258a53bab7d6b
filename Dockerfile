# Larder's image: nodes, coordinators and the command line. `./mvnw -Pimage package` builds it from what Maven has
# built; docs/how-to-deploy-on-kubernetes.md says how to run it.
#
# The base is any image with a Java 25 runtime and a POSIX shell. packaging/image/local-base.sh makes one from this
# machine's own JDK where no registry can be reached.
ARG BASE_IMAGE=eclipse-temurin:25-jre

FROM ${BASE_IMAGE} AS layout
COPY . /src
RUN sh /src/packaging/install.sh /opt/larder \
 && chmod -R a+rX,go-w /opt/larder

FROM ${BASE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="larder" \
      org.opencontainers.image.description="A distributed cache tier for the KV blocks of LLM inference servers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# What changes least comes first: a new Larder on the same libraries is one small layer.
COPY --from=layout /opt/larder/lib /opt/larder/lib
COPY --from=layout /opt/larder/bin /opt/larder/bin
COPY --from=layout /opt/larder/LICENSE /opt/larder/NOTICE /opt/larder/
COPY --from=layout /opt/larder/app /opt/larder/app

# A fixed id without a name: Kubernetes' runAsNonRoot wants a number. A raw device is opened through a group, see
# `supplementalGroups` in the chart or `docker run --group-add`.
USER 10001:10001
WORKDIR /tmp
ENV PATH=/opt/larder/bin:$PATH
# 7379 RESP, 9379 a node's metrics and health, 9378 a coordinator's.
EXPOSE 7379 9379 9378
ENTRYPOINT ["/opt/larder/bin/larder"]
CMD ["--help"]
