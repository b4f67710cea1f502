using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

/// <summary>The IPv4 address at which clients outside reach the passive ports, or a host name that resolves to it.</summary>
/// <param name="host">An IPv4 address or a host name, whose address may change while the node runs.</param>
/// <param name="resolve">Resolves a host name; null uses the system's resolver.</param>
public sealed class PublicAddress(string host, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    /// <summary>How long an address is cached: after a change, passive transfers fail for at most this time.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    /// <summary>Shorter than the 10 s after which the first clients give up waiting for PASV.</summary>
    private static readonly TimeSpan ResolveLimit = TimeSpan.FromSeconds(5);

    private readonly IPAddress? _fixed = IPAddress.TryParse(host, out var address) ? address.MapToIPv4() : null;
    private volatile Known? _known;

    public override string ToString() => host;

    /// <summary>Returns the current address. A name that can no longer be resolved keeps its last address.</summary>
    /// <returns>Null when the name was never resolved.</returns>
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
            FtpLog.NoPublicAddress(log, host, limit.IsCancellationRequested ? "timeout" : e.Message);
            return null;
        }
    }

    private static Task<IPAddress[]> AskSystemAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork, cancellationToken);

    private sealed record Known(IPAddress? Address, long Since);
}
