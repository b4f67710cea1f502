using Dftp.Cluster.Replication;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>
/// Answers the questions of peers about what this node knows of them. An answer visits all entries of the peer, so one is computed at a
/// time, on a thread of its own.
/// </summary>
internal sealed class RangeAnswers(PeerTable peers) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    // Guarded by _lock.
    private readonly HashSet<NodeName> _asking = [];

    /// <returns>The answer; or null and the reason, a sentence, and whether asking again later can help.</returns>
    public async Task<(RangeAnswer? Answer, string Reason, bool IsBusy)> AnswerAsync(
        RangeQuestion question, CancellationToken cancellationToken)
    {
        var node = question.Sender;
        if (peers.Find(node) is null) return (null, $"{node} is not known here", false);
        lock (_lock)
        {
            if (!_asking.Add(node)) return (null, $"a question of {node} is being answered", true);
        }

        try
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(() => Answer(question), cancellationToken);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            lock (_lock) _asking.Remove(node);
        }
    }

    public void Dispose() => _turn.Dispose();

    private (RangeAnswer? Answer, string Reason, bool IsBusy) Answer(RangeQuestion question)
    {
        var node = question.Sender;
        if (peers.KnownTree(node) is not { } known) return (null, $"no entries of {node} are known here", false);
        var digests = RangeEntries.Digests(known, node, question.Ranges, question.Split);
        return (new RangeAnswer(known.HoldingOf(node).Digest, digests), "", false);
    }
}
