using System.Net;
using System.Net.Sockets;
using Dftp.Cluster.Door;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Discovery;

/// <summary>Announces this node to the group and reports the announcements of others. One loop sends, another receives.</summary>
/// <param name="self">The announcement. Received ones with the same name or from the same address are this node's own.</param>
/// <param name="door">Seals the announcement, and tells sealed ones from strangers'.</param>
/// <param name="group">For log messages.</param>
/// <param name="openChannel">Opens the channel; retried while it throws a SocketException.</param>
/// <param name="onSighting">
/// Called for every announcement of another node of the cluster, one call at a time: about once a minute for each node and shared network.
/// It must return fast, because the next datagram waits.
/// </param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs failures, once each.</param>
internal sealed class DiscoveryLoop(
    Announcement self,
    ClusterDoor door,
    IPEndPoint group,
    Func<DatagramChannel> openChannel,
    Func<PeerSighting, CancellationToken, ValueTask> onSighting,
    TimeProvider time,
    ILogger<DiscoveryLoop> logger) : IAsyncDisposable
{
    /// <summary>The announcement interval of legacy nodes.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The pauses after the first and the second announcement: nodes that start or connect at the same time miss the first.
    /// </summary>
    public static readonly IReadOnlyList<TimeSpan> FirstPauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)];

    /// <summary>The pause before a failing socket is retried.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<(string Host, int Port)> _namesakes = [];
    private Task _loops = Task.CompletedTask;

    private bool _isDisposed;

    private readonly Lock _lock = new();

    // Under the lock.
    private DiscoveryStatus _status = new(0, 0, 0, 0, null, 0, 0, null, null);

    public DiscoveryStatus Status
    {
        get
        {
            lock (_lock) return _status;
        }
    }

    /// <summary>Starts both loops. The first announcement is sent before this method returns.</summary>
    /// <exception cref="InvalidOperationException">The names are too long for a datagram.</exception>
    public void Start()
    {
        _ = self.SealedBy(door.Announcements).ToBytes();
        _loops = RunAsync(_stop.Token);
    }

    /// <summary>Ends both loops and waits for them. Throws the exception of a loop that failed.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _loops;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        logger.DiscoveryStarted(group);
        try
        {
            using var channel = await OpenAsync(cancellationToken);
            Count(status => status with { SendFailure = null, ReceiveFailure = null });
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var listening = ListenAsync(channel, either.Token);
            var announcing = AnnounceAsync(channel, either.Token);
            // Both end by the token only. If a bug ends one, the other must not continue as if nothing had happened.
            await Task.WhenAny(listening, announcing);
            await either.CancelAsync();
            await Task.WhenAll(listening, announcing);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            Count(status => status with { SendFailure = e.Message, ReceiveFailure = e.Message });
            logger.DiscoveryBroke(group, e);
            throw;
        }
        finally
        {
            logger.DiscoveryEnded(group);
        }
    }

    private async Task<DatagramChannel> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return openChannel();
            }
            catch (SocketException e)
            {
                Fail(e.Message, status => status with { SendFailure = e.Message, ReceiveFailure = e.Message });
            }

            await Task.Delay(RetryPause, time, cancellationToken);
        }
    }

    private async Task AnnounceAsync(DatagramChannel channel, CancellationToken cancellationToken)
    {
        for (var count = 0; ; count++)
        {
            var sending = channel.Send(self.SealedBy(door.Announcements).ToBytes());
            if (sending.HasNewWay) count = 0;
            if (sending.Ways > 0)
            {
                Count(status => status with { Sent = status.Sent + 1, SendFailure = null });
            }
            else
            {
                const string reason = "no interface took the announcement";
                Fail(reason, status => status with { SendFailure = reason });
            }

            await Task.Delay(count < FirstPauses.Count ? FirstPauses[count] : Period, time, cancellationToken);
        }
    }

    private async Task ListenAsync(DatagramChannel channel, CancellationToken cancellationToken)
    {
        // One byte more than the maximum, so that a longer datagram is noticed.
        var buffer = new byte[Announcement.MaxBytes + 1];
        while (true)
        {
            Datagram datagram;
            try
            {
                datagram = await channel.ReceiveAsync(buffer, cancellationToken);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.MessageSize)
            {
                Count(status => status with { Malformed = status.Malformed + 1 });
                continue;
            }
            catch (SocketException e)
            {
                Fail(e.Message, status => status with { ReceiveFailure = e.Message });
                await Task.Delay(RetryPause, time, cancellationToken);
                continue;
            }

            Count(status => status with { ReceiveFailure = null });
            await TakeAsync(channel, buffer.AsMemory(0, datagram.Length), datagram.Source, cancellationToken);
        }
    }

    private async Task TakeAsync(DatagramChannel channel, ReadOnlyMemory<byte> bytes, IPAddress source, CancellationToken cancellationToken)
    {
        if (!Announcement.TryParse(bytes.Span, out var heard))
        {
            Count(status => status with { Malformed = status.Malformed + 1 });
            return;
        }

        if (heard.ClusterName != self.ClusterName)
        {
            Count(status => status with { OtherClusters = status.OtherClusters + 1, LastOtherCluster = heard.ClusterName });
            return;
        }

        if (source.IsIPv4MappedToIPv6) source = source.MapToIPv4();
        if (IsOwnAddress(channel, heard, source) || IsRefused(heard, source)) return;
        var sighting = new PeerSighting(heard.NodeName, HostOf(channel, heard, source), heard.ManagementPort);
        if (heard.NodeName == self.NodeName)
        {
            HearNamesake(sighting);
            return;
        }

        Count(status => status with { Sightings = status.Sightings + 1 });
        try
        {
            await onSighting(sighting, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.SightingFailed(sighting.NodeName, sighting.ManagementHost, sighting.ManagementPort, e);
        }
    }

    /// <summary>
    /// Whether the port is this node's and the address is this machine's. A datagram of this machine can have the address of any of its
    /// interfaces as its source.
    /// </summary>
    private bool IsOwnAddress(DatagramChannel channel, Announcement heard, IPAddress source) =>
        heard.ManagementPort == self.ManagementPort && heard.ManagementHost == self.ManagementHost
        && (IPAddress.IsLoopback(source) || channel.LocalAddresses.Contains(source));

    private bool IsRefused(Announcement heard, IPAddress source)
    {
        if (door.Announcements is not { } mac || (heard.Seal is null && door.LegacyPeers.Contains(source))) return false;
        if (heard.Verify(mac) is not { } refusal) return false;
        // The second copy of an announcement that came by two networks is none to complain of.
        if (refusal.Cause == RefusalCause.Replayed) return true;
        Count(status => status with { Refused = status.Refused + 1 });
        door.Refusals.Add(refusal, $"the announcement of {heard.NodeName}", source.ToString());
        return true;
    }

    /// <summary>
    /// The source of the datagram, whatever the announcement says: anybody could name a third host, to which every node would connect. A
    /// node of this machine may name one of this machine's addresses, because it may listen to that one only.
    /// </summary>
    private static string HostOf(DatagramChannel channel, Announcement heard, IPAddress source)
    {
        return IsHere(source) && IPAddress.TryParse(heard.ManagementHost, out var named) && IsHere(named)
            ? heard.ManagementHost : source.ToString();

        bool IsHere(IPAddress address) => IPAddress.IsLoopback(address) || channel.LocalAddresses.Contains(address);
    }

    private void HearNamesake(PeerSighting namesake)
    {
        Count(status => status with { NamesakesHeard = status.NamesakesHeard + 1 });
        // A few examples are enough to find their senders.
        if (_namesakes.Count < 100 && _namesakes.Add((namesake.ManagementHost, namesake.ManagementPort)))
        {
            logger.NamesakeHeard(namesake.NodeName, namesake.ManagementHost, namesake.ManagementPort);
        }
    }

    private void Count(Func<DiscoveryStatus, DiscoveryStatus> change)
    {
        bool worksAgain;
        lock (_lock)
        {
            var before = _status;
            _status = change(before);
            worksAgain = before.Failure is not null && _status.Failure is null;
        }

        if (worksAgain) logger.DiscoveryWorks(group);
    }

    private void Fail(string reason, Func<DiscoveryStatus, DiscoveryStatus> change)
    {
        bool isNew;
        lock (_lock)
        {
            var before = _status;
            _status = change(before);
            isNew = _status != before;
        }

        if (isNew) logger.DiscoveryFailing(group, reason);
    }
}
