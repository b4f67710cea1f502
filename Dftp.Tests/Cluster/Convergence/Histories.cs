using Dftp.FileSystem;
using FsCheck;
using FsCheck.Fluent;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>Creates random histories and shrinks a failing one.</summary>
internal static class Histories
{
    private const int LongestHistory = 60;

    /// <summary>Few names, so that nodes share paths and have files where others have directories.</summary>
    private static readonly Gen<VirtualPath> Paths = Gen.Frequency(
        (3, Gen.Elements("/x", "/y")),
        (3, Gen.Elements("/x/x", "/x/y", "/y/x")),
        (1, Gen.Elements("/x/x/x", "/x/x/y"))).Select(VirtualPath.Parse);

    private static readonly Gen<DiskChange> DiskChanges =
        from kind in Gen.Frequency(
            (4, Gen.Constant(DiskChangeKind.Write)), (1, Gen.Constant(DiskChangeKind.MakeDirectory)), (2, Gen.Constant(DiskChangeKind.Remove)))
        from path in Paths
        from facts in Gen.Choose(1, 3)
        select new DiskChange(kind, path, facts);

    public static Arbitrary<History> Arbitrary { get; } = Arb.From(
        from nodes in Gen.Frequency((3, Gen.Constant(2)), (3, Gen.Constant(3)), (1, Gen.Constant(4)), (1, Gen.Constant(5)))
        from beginsSettled in Gen.Elements(true, true, true, false)
        from length in Gen.Choose(1, LongestHistory)
        from steps in Gen.ListOf(Steps(nodes), length)
        select new History(nodes, beginsSettled, steps),
        Smaller);

    private static Gen<Step> Steps(int nodes)
    {
        var node = Gen.Choose(0, nodes - 1);
        return Gen.Frequency(
            (6, from at in node
                from count in Gen.Choose(1, 3)
                from changes in Gen.ListOf(DiskChanges, count)
                select (Step)new ChangeDisk(at, changes)),
            (3, from at in node
                from scans in Gen.Elements(true, true, false)
                from ahead in Gen.Elements(0, 0, 0, 3600)
                from restores in Gen.Elements(true, true, false)
                select (Step)new StartNode(at, scans, ahead, restores)),
            (2, node.Select(at => (Step)new SaveTree(at))),
            (1, from at in node from goodbye in Gen.Elements(true, false) select (Step)new StopNode(at, goodbye)),
            (2, from asker in node from other in Gen.Choose(1, nodes - 1) select (Step)new Ping(asker, (asker + other) % nodes)),
            (3, Gen.Elements(100, 1_000, 2_500, 6_000, 16_000).Select(time => (Step)new PassTime(time))),
            (2, Gen.Constant((Step)new AllArrive())),
            (14, from message in Gen.Choose(0, 9)
                 from fate in Gen.Frequency(
                     (7, Gen.Constant(Fate.Arrives)),
                     (2, Gen.Constant(Fate.IsLost)),
                     (1, Gen.Constant(Fate.ArrivesTwice)),
                     (2, Gen.Constant(Fate.ArrivesAndWillAgain)),
                     (3, Gen.Constant(Fate.IsLate)))
                 select (Step)new MeetFate(message, fate)));
    }

    /// <summary>
    /// Tries fewer steps first, then simpler ones, then fewer nodes: people have to read what remains of a failing history.
    /// </summary>
    private static IEnumerable<History> Smaller(History history)
    {
        var steps = history.Steps;
        for (var piece = steps.Count; piece >= 1; piece /= 2)
        {
            for (var start = 0; start + piece <= steps.Count; start += piece)
                yield return history with { Steps = [.. steps.Take(start), .. steps.Skip(start + piece)] };
        }

        for (var at = 0; at < steps.Count; at++)
        {
            foreach (var simpler in Simpler(steps[at]))
                yield return history with { Steps = [.. steps.Take(at), simpler, .. steps.Skip(at + 1)] };
        }

        if (!history.BeginsSettled) yield return history with { BeginsSettled = true };
        if (history.Nodes > 2)
            yield return history with { Nodes = history.Nodes - 1, Steps = [.. steps.Where(step => step.HighestNode < history.Nodes - 1)] };
    }

    private static IEnumerable<Step> Simpler(Step step)
    {
        switch (step)
        {
            case ChangeDisk change:
                for (var at = 0; at < change.Changes.Count; at++)
                    yield return change with { Changes = [.. change.Changes.Take(at), .. change.Changes.Skip(at + 1)] };
                for (var at = 0; at < change.Changes.Count; at++)
                {
                    if (change.Changes[at] is { Path.Parent.IsRoot: false } deep)
                        yield return change with { Changes = [.. change.Changes.Take(at), deep with { Path = deep.Path.Parent }, .. change.Changes.Skip(at + 1)] };
                }

                break;
            case StartNode { ClockAhead: not 0 } start:
                yield return start with { ClockAhead = 0 };
                break;
            case StartNode { Restores: true } start:
                yield return start with { Restores = false };
                break;
            case StartNode { Scans: false } start:
                yield return start with { Scans = true };
                break;
            case MeetFate fate:
                if (fate.Fate != Fate.Arrives) yield return fate with { Fate = Fate.Arrives };
                if (fate.Message > 0) yield return fate with { Message = fate.Message - 1 };
                break;
            default:
                break;
        }
    }
}
