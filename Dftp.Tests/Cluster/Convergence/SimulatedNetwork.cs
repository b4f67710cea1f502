namespace Dftp.Tests.Cluster.Convergence;

/// <summary>The messages in transit, the oldest first. The simulation decides the fate of each.</summary>
internal sealed class SimulatedNetwork
{
    private readonly List<SimulatedMessage> _underWay = [];

    public int Count => _underWay.Count;

    public void Send(SimulatedMessage message) => _underWay.Add(message);

    /// <summary>Removes and returns the message with a number, taken modulo the number of messages in transit.</summary>
    public SimulatedMessage Take(int number)
    {
        var at = number % _underWay.Count;
        var message = _underWay[at];
        _underWay.RemoveAt(at);
        return message;
    }
}

/// <summary>A request or an answer.</summary>
/// <param name="What">A description.</param>
/// <param name="Arrives">The effect at its receiver; the argument says whether its sender still waits for an answer.</param>
/// <param name="GivenUp">What its sender does when no answer comes; null if it does not wait any more.</param>
internal sealed record SimulatedMessage(string What, Func<bool, Task> Arrives, Action? GivenUp)
{
    /// <summary>The same message with a sender that no longer waits.</summary>
    public SimulatedMessage Orphan() => this with { GivenUp = null };
}
