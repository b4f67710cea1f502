using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>What befalls a cluster: how many nodes it has, whether they knew each other at the beginning, and what happened then.</summary>
internal sealed record History(int Nodes, bool BeginsSettled, IReadOnlyList<Step> Steps)
{
    public static NodeName NameOf(int node) => NodeName.Parse(((char)('a' + node)).ToString());

    public override string ToString() =>
        $"{Nodes} nodes, {(BeginsSettled ? "all know each other" : "none is started")}\n{string.Concat(Steps.Select(step => $"  {step}\n"))}";
}

/// <summary>One thing that happens.</summary>
internal abstract record Step
{
    /// <summary>The highest number of a node that it speaks of; -1 for none.</summary>
    public virtual int HighestNode => -1;
}

/// <summary>Somebody changes the disk of a node; a node that runs scans it.</summary>
internal sealed record ChangeDisk(int Node, IReadOnlyList<DiskChange> Changes) : Step
{
    public override int HighestNode => Node;

    public override string ToString() => $"{History.NameOf(Node)}'s disk: {(Changes.Count == 0 ? "is scanned" : string.Join(", ", Changes))}";
}

/// <summary>The node starts; one that runs is killed first.</summary>
/// <param name="Node">The node.</param>
/// <param name="Scans">Whether its first scan ends at once; otherwise with the next change of its disk.</param>
/// <param name="ClockAhead">Seconds by which its clock is ahead of the others'.</param>
/// <param name="Restores">Whether it begins with the tree that it wrote down last, if it did.</param>
internal sealed record StartNode(int Node, bool Scans, int ClockAhead, bool Restores) : Step
{
    public override int HighestNode => Node;

    public override string ToString() =>
        $"{History.NameOf(Node)} starts{(Restores ? " with what it wrote down" : "")}{(Scans ? "" : " and has not scanned yet")}{(ClockAhead != 0 ? $", its clock {ClockAhead} s ahead" : "")}";
}

/// <summary>The node writes down its tree for its next start, if it runs and has scanned its disk.</summary>
internal sealed record SaveTree(int Node) : Step
{
    public override int HighestNode => Node;

    public override string ToString() => $"{History.NameOf(Node)} writes down its tree";
}

/// <summary>The node ends, if it runs.</summary>
internal sealed record StopNode(int Node, bool SaysGoodbye) : Step
{
    public override int HighestNode => Node;

    public override string ToString() => $"{History.NameOf(Node)} {(SaysGoodbye ? "stops and says goodbye" : "is killed")}";
}

/// <summary>A node asks another at once whether it is there, as it does when it doubts it.</summary>
internal sealed record Ping(int From, int To) : Step
{
    public override int HighestNode => Math.Max(From, To);

    public override string ToString() => $"{History.NameOf(From)} pings {History.NameOf(To)}";
}

/// <summary>Time passes; what is due happens.</summary>
internal sealed record PassTime(int Milliseconds) : Step
{
    public override string ToString() => $"{Milliseconds} ms pass";
}

/// <summary>Everything that is under way arrives in the order in which it was sent, and so do the answers to it.</summary>
internal sealed record AllArrive : Step
{
    public override string ToString() => "everything arrives";
}

/// <summary>One of the messages that are under way meets its fate.</summary>
/// <param name="Message">Its number among those under way, the oldest being 0; counted on from the first again after the last.</param>
/// <param name="Fate">What becomes of it.</param>
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
/// <param name="Kind">What is done.</param>
/// <param name="Path">Where. Directories above are made when they are missing, and take the place of files.</param>
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
