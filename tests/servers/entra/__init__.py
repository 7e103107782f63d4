"""Microsoft Entra ID and Microsoft Graph v1.0 as a server of our own: HTTPS, real tokens, real errors.

The real ones cannot be reached by a test, and Microsoft offers no emulator. This behaves as Microsoft's
documentation says, refusals included; `test_entra_*.py` beside it hold it to that.

    tenant = Tenant()
    boss = tenant.add_user(displayName="Ana Cruz", userPrincipalName="ana@contoso.test", department="IT")
    ben = tenant.add_user(displayName="Ben Ito", mail="ben@contoso.test", employeeId="E7")
    tenant.set_manager(ben, boss)
    tenant.add_group("Learners", [ben])

    with EntraServer(tenant, tmp_path) as server:
        app = msal.ConfidentialClientApplication(
            server.client_id, client_credential=server.secret, authority=server.authority,
            instance_discovery=False, verify=str(server.ca_file))
        …                                   # server.graph_url is https://localhost:PORT/v1.0

        tenant.update_user(ben, department="Finance")           # a delta will tell
        tenant.delete_user(boss)                                # restore_user, purge_user
        server.app.roles.discard("GroupMember.Read.All")        # consent withdrawn; for new tokens
        server.login.lifetime = 60                              # of new tokens, in seconds
        server.graph.limits = Limits(delta_users=3)             # small pages of a delta
        server.weather.arm(Trouble(Kind.THROTTLED, path="/users/delta", times=2, retry_after="1"))
        assert [one.status for one in server.asked("/users/delta")] == [429, 429, 200]

`SteppedClock` stands in for the time: EntraServer(tenant, tmp_path, clock=clock).
"""

from tests.servers.entra.budget import Budget
from tests.servers.entra.call import Limits
from tests.servers.entra.clock import SteppedClock
from tests.servers.entra.server import EntraServer, Exchange
from tests.servers.entra.tenant import Tenant
from tests.servers.entra.weather import Kind, Trouble, Weather

__all__ = [
    "Budget",
    "EntraServer",
    "Exchange",
    "Kind",
    "Limits",
    "SteppedClock",
    "Tenant",
    "Trouble",
    "Weather",
]
