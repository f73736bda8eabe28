"""Whether every part of the release answers through its Service."""

from service import check


def steps(backend, frontend):
    """Names and checks: each process, the database behind them, and the keys that tokens are verified with."""

    def backend_health():
        health = backend.expect(200, "GET", "/health")
        check(health["status"] == "ok", f"the status is {health['status']}")

    def backend_ready():
        health = backend.expect(200, "GET", "/health/ready")
        check(health["database"] == "ok", f"the database is {health['database']}")

    def backend_closed():
        backend.expect(401, "GET", "/api/todos")

    def frontend_health():
        frontend.expect(200, "GET", "/api/health")

    def frontend_page():
        frontend.expect(200, "GET", "/")

    def signing_keys():
        keys = frontend.expect(200, "GET", "/api/auth/jwks")["keys"]
        check(all("d" not in key for key in keys), "a private key is published")

    return [
        ("backend-health", backend_health),
        ("backend-ready", backend_ready),
        ("backend-closed", backend_closed),
        ("frontend-health", frontend_health),
        ("frontend-page", frontend_page),
        ("signing-keys", signing_keys),
    ]
