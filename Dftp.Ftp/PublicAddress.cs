using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

/// <summary>The IPv4 address under which the passive ports are reached from outside, or a name that is resolved to it.</summary>
/// <param name="host">An IPv4 address, or a name; the name's address may change while the node runs.</param>
/// <param name="resolve">Gives the addresses of a name; null asks the system.</param>
public sealed class PublicAddress(string host, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    /// <summary>A home's address changes once a day or less often, and transfers that begin meanwhile fail for so long at most.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    /// <summary>A client that waits for a passive port gives up after some 10 s or more.</summary>
    private static readonly TimeSpan ResolveLimit = TimeSpan.FromSeconds(5);

    private readonly IPAddress? _fixed = IPAddress.TryParse(host, out var address) ? address.MapToIPv4() : null;
    private volatile Known? _known;

    public override string ToString() => host;

    /// <summary>The address now. A name that cannot be resolved keeps the address it had.</summary>
    /// <returns>Null when the name never had one.</returns>
    internal async ValueTask<IPAddress?> ResolveAsync(TimeProvider time, ILogger log)
    {
        if (_fixed is not null) return _fixed;
        var known = _known;
        if (known is not null && time.GetElapsedTime(known.Since) < Lifetime) return known.Address;

        var found = await AskAsync(time, log);
        known = new Known(found ?? known?.Address, time.GetTimestamp());
        _known = known;
        return known.Address;
    }

    private async Task<IPAddress?> AskAsync(TimeProvider time, ILogger log)
    {
        using var limit = new CancellationTokenSource(ResolveLimit, time);
        try
        {
            var addresses = await (resolve ?? AskSystemAsync)(host, limit.Token);
            return addresses.FirstOrDefault(candidate => candidate.AddressFamily == AddressFamily.InterNetwork)
                ?? throw new SocketException((int)SocketError.NoData);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            FtpLog.NoPublicAddress(log, host, limit.IsCancellationRequested ? "no answer in time" : e.Message);
            return null;
        }
    }

    private static Task<IPAddress[]> AskSystemAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork, cancellationToken);

    private sealed record Known(IPAddress? Address, long Since);
}
