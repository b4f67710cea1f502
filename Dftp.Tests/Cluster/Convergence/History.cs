using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>The input of a simulation: the number of nodes, whether they knew each other at the start, and the steps.</summary>
internal sealed record History(int Nodes, bool BeginsSettled, IReadOnlyList<Step> Steps)
{
    public static NodeName NameOf(int node) => NodeName.Parse(((char)('a' + node)).ToString());

    public override string ToString() =>
        $"{Nodes} nodes, {(BeginsSettled ? "all know each other" : "none is started")}\n{string.Concat(Steps.Select(step => $"  {step}\n"))}";
}

/// <summary>One step.</summary>
internal abstract record Step
{
    /// <summary>The highest node number in the step; -1 for none.</summary>
    public virtual int HighestNode => -1;
}

/// <summary>Changes a node's disk; a running node scans it.</summary>
internal sealed record ChangeDisk(int Node, IReadOnlyList<DiskChange> Changes) : Step
{
    public override int HighestNode => Node;

    public override string ToString() => $"{History.NameOf(Node)}'s disk: {(Changes.Count == 0 ? "is scanned" : string.Join(", ", Changes))}";
}

/// <summary>Starts a node; a running one is killed first.</summary>
/// <param name="Node">The node.</param>
/// <param name="Scans">Whether its first scan ends at once; otherwise with the next change of its disk.</param>
/// <param name="ClockAhead">Seconds by which its clock is ahead of the others'.</param>
/// <param name="Restores">Whether it starts with the tree that it saved last, if there is one.</param>
internal sealed record StartNode(int Node, bool Scans, int ClockAhead, bool Restores) : Step
{
    public override int HighestNode => Node;

    public override string ToString() =>
        $"{History.NameOf(Node)} starts{(Restores ? " with its saved tree" : "")}{(Scans ? "" : " and has not scanned yet")}"
        + $"{(ClockAhead != 0 ? $", its clock {ClockAhead} s ahead" : "")}";
}

/// <summary>The node saves its tree for its next start, if it runs and has scanned its disk.</summary>
internal sealed record SaveTree(int Node) : Step
{
    public override int HighestNode => Node;

    public override string ToString() => $"{History.NameOf(Node)} writes down its tree";
}

/// <summary>The node stops, if it runs.</summary>
internal sealed record StopNode(int Node, bool SaysGoodbye) : Step
{
    public override int HighestNode => Node;

    public override string ToString() => $"{History.NameOf(Node)} {(SaysGoodbye ? "stops and says goodbye" : "is killed")}";
}

/// <summary>A node pings another one at once, as it does when it suspects it.</summary>
internal sealed record Ping(int From, int To) : Step
{
    public override int HighestNode => Math.Max(From, To);

    public override string ToString() => $"{History.NameOf(From)} pings {History.NameOf(To)}";
}

/// <summary>Time passes, and everything that is due happens.</summary>
internal sealed record PassTime(int Milliseconds) : Step
{
    public override string ToString() => $"{Milliseconds} ms pass";
}

/// <summary>All messages in transit arrive in the order in which they were sent, and so do their answers.</summary>
internal sealed record AllArrive : Step
{
    public override string ToString() => "everything arrives";
}

/// <summary>One of the messages in transit meets its fate.</summary>
/// <param name="Message">Its number among the messages in transit, the oldest being 0; taken modulo their number.</param>
/// <param name="Fate">What happens to it.</param>
internal sealed record MeetFate(int Message, Fate Fate) : Step
{
    public override string ToString() => $"message {Message} {Fate switch
    {
        Fate.Arrives => "arrives",
        Fate.ArrivesTwice => "arrives twice",
        Fate.ArrivesAndWillAgain => "arrives and will arrive again later",
        Fate.IsLost => "is lost",
        _ => "is given up by its sender and will arrive later",
    }}";
}

internal enum Fate
{
    Arrives,
    IsLost,
    ArrivesTwice,
    ArrivesAndWillAgain,
    IsLate,
}

/// <summary>A change of a disk.</summary>
/// <param name="Kind">The kind of change.</param>
/// <param name="Path">The changed path. Missing parent directories are created and replace files.</param>
/// <param name="Facts">Stands for the size and the modification time.</param>
internal sealed record DiskChange(DiskChangeKind Kind, VirtualPath Path, int Facts)
{
    public override string ToString() => Kind switch
    {
        DiskChangeKind.Write => $"write {Path} ({Facts})",
        DiskChangeKind.MakeDirectory => $"make {Path}/ ({Facts})",
        _ => $"remove {Path}",
    };
}

internal enum DiskChangeKind
{
    Write,
    MakeDirectory,
    Remove,
}
