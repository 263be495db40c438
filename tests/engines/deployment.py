"""A Deployment behind a Service, for tests of engines that want many Pods."""


def deployed(pods):
    """The objects of a Service ``web`` and of so many Pods behind it."""
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {pods}
  selector: {{matchLabels: {{app: web}}}}
  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web}}]}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, type: NodePort, ports: [{{port: 8080}}]}}
"""
