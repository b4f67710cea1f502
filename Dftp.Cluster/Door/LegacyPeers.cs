using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Door;

/// <summary>
/// The machines of <c>--legacy-peers</c>, which may be members without a signature although there is a secret. Host names are resolved at
/// the start and every minute; one that cannot be resolved keeps its addresses.
/// </summary>
internal sealed partial class LegacyPeers : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly FrozenSet<IPAddress> _literals;
    private readonly IReadOnlyList<string> _names;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly Dictionary<string, IPAddress[]> _known = [];
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private volatile FrozenSet<IPAddress> _addresses;

    /// <param name="hosts">Addresses and host names.</param>
    /// <param name="resolve">Resolves a name; null uses the system's resolver.</param>
    public LegacyPeers(IReadOnlyList<string> hosts, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _literals = hosts.Select(host => IPAddress.TryParse(host, out var address) ? Plain(address) : null).OfType<IPAddress>()
            .ToFrozenSet();
        _names = [.. hosts.Where(host => !IPAddress.TryParse(host, out _))];
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        _addresses = _literals;
    }

    public bool Contains(IPAddress? address) => address is not null && _addresses.Contains(Plain(address));

    /// <summary>Whether a host of which only the name or the address is known is among them.</summary>
    public bool Contains(string host) =>
        _names.Contains(host, StringComparer.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && Contains(address));

    /// <summary>Starts to resolve the names.</summary>
    public void Start(TimeProvider time, ILogger log)
    {
        if (_names.Count > 0) _loop = RunAsync(time, log);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync(TimeProvider time, ILogger log)
    {
        try
        {
            while (true)
            {
                foreach (var name in _names) await ResolveAsync(name, log);
                _addresses = _literals.Concat(_known.Values.SelectMany(found => found)).ToFrozenSet();
                await Task.Delay(Interval, time, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
    }

    private async Task ResolveAsync(string name, ILogger log)
    {
        try
        {
            _known[name] = [.. (await _resolve(name, _stopping.Token)).Select(Plain)];
        }
        catch (SocketException failure)
        {
            LogNotResolved(log, name, failure.Message);
        }
    }

    /// <summary>An IPv4 address as such, also from a socket for both.</summary>
    internal static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    [LoggerMessage(Level = LogLevel.Warning, Message = "--legacy-peers: the name {Name} cannot be resolved: {Reason}")]
    private static partial void LogNotResolved(ILogger log, string name, string reason);
}
