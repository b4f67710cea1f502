using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>
/// Keeps this node joined to an address that the user named. Greets it until it answers, and again while the node at that address is gone,
/// because it may come back at another address of the same host name.
/// </summary>
internal sealed class JoinLoop(HostPort address, MembershipContext context, JoinHandshake handshake)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        NodeName? joined = null;
        var pause = TimeSpan.FromSeconds(1);
        var lastReason = "";
        try
        {
            while (true)
            {
                if (joined is not { } name || context.Peers.Find(name)?.Facts.IsPresent != true)
                {
                    (joined, var reason) = await handshake.GreetAsync(address, cancellationToken);
                    if (reason.Length > 0 && reason != lastReason) context.Log.CannotJoin(address, reason);
                    lastReason = reason;
                    pause = joined is not null ? TimeSpan.FromSeconds(1) : pause < LongestPause ? 2 * pause : LongestPause;
                }

                await Task.Delay(pause, context.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node is stopping.
        }
        catch (Exception error)
        {
            context.Log.LoopFailed($"joining {address}", error.ToString());
        }
    }
}
