using System.Collections.Concurrent;

namespace Dftp.Cluster.Peers;

/// <summary>Runs the loops for each known peer, from the start of the node to its end.</summary>
internal sealed class PeerLinks : IDisposable
{
    /// <summary>The timeout for a goodbye. A peer that misses it notices by its pings.</summary>
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<object, Task> _running = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MembershipContext _context;

    public PeerLinks(MembershipContext context)
    {
        _context = context;
        context.Peers.Added += peer => Start(peer, new PingLoop(peer, context).RunAsync);
        context.Peers.Met += peer => Start(peer, new PushLoop(peer, context).RunAsync);
        context.Own.Changed += PushToAll;
        context.Own.UnconfirmedChanged += PingAll;
    }

    /// <summary>Starts to contact peers. Before, this node's listeners were not bound, and peers could not call back.</summary>
    public void Begin() => _begun.TrySetResult();

    /// <summary>Ends all links.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running.Values);
    }

    /// <summary>Announces to all peers but legacy nodes that this node leaves.</summary>
    public async Task SayGoodbyeAsync()
    {
        using var limit = new CancellationTokenSource(GoodbyeTimeout, _context.Time);
        var goodbyes = _context.Peers.All
            .Where(peer => peer.Facts is { IsPresent: true, IsLegacy: false, ManagementAddress: not null })
            .Select(peer => GoodbyeAsync(peer, limit.Token));
        await Task.WhenAll(goodbyes);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task GoodbyeAsync(Peer peer, CancellationToken cancellationToken)
    {
        try
        {
            await _context.Client.GreetAsync(
                peer.Facts.ManagementAddress!, peer, _context.Me(), requestFullUpdate: false, isLeaving: true, knownDigest: null,
                cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The peer will notice by its pings.
        }
    }

    private void Start(Peer peer, Func<CancellationToken, Task> loop)
    {
        var running = RunAsync(peer, loop);
        _running[loop] = running;
        if (running.IsCompleted) _running.TryRemove(loop, out _);
    }

    private async Task RunAsync(Peer peer, Func<CancellationToken, Task> loop)
    {
        await Task.Yield();
        try
        {
            await _begun.Task.WaitAsync(_stopping.Token);
            await loop(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The node is stopping.
        }
        catch (Exception error)
        {
            _context.Log.LoopFailed($"the link to {peer.Name}", error.ToString());
        }

        _running.TryRemove(loop, out _);
    }

    private void PingAll()
    {
        foreach (var peer in _context.Peers.All.Where(peer => peer.Facts.IsPresent)) peer.PingNow.Raise();
    }

    private void PushToAll()
    {
        foreach (var peer in _context.Peers.All.Where(peer => peer.Facts.IsPresent)) peer.PushNow.Raise();
    }
}
