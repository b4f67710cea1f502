namespace Dftp.Tests.Cluster.Convergence;

/// <summary>The messages that are under way, the oldest first. What becomes of each is decided from outside.</summary>
internal sealed class SimulatedNetwork
{
    private readonly List<SimulatedMessage> _underWay = [];

    public int Count => _underWay.Count;

    public void Send(SimulatedMessage message) => _underWay.Add(message);

    /// <summary>The message of that number, counted on from the first again after the last; it is under way no longer.</summary>
    public SimulatedMessage Take(int number)
    {
        var at = number % _underWay.Count;
        var message = _underWay[at];
        _underWay.RemoveAt(at);
        return message;
    }
}

/// <summary>A request or an answer.</summary>
/// <param name="What">In words.</param>
/// <param name="Arrives">What it does at its receiver; the argument says whether its sender still waits for an answer.</param>
/// <param name="GivenUp">What its sender does when nothing comes back; null when it does not wait any more.</param>
internal sealed record SimulatedMessage(string What, Func<bool, Task> Arrives, Action? GivenUp)
{
    /// <summary>The same message, for which nobody waits.</summary>
    public SimulatedMessage Orphan() => this with { GivenUp = null };
}
