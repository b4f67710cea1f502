using System.Globalization;
using Dftp.FileSystem;
using FsCheck;
using FsCheck.Fluent;

namespace Dftp.Tests.Cluster.Convergence;

[TestClass]
public sealed class ConvergenceTests
{
    /// <summary>Takes a few seconds. DFTP_HISTORIES sets another number; then each run uses new histories.</summary>
    private const int Histories = 1500;

    private const string MoreHistories = "DFTP_HISTORIES";

    // Every path has one owner: the holder that saw the entry change last; of several, the one with the smaller name. A directory beats a
    // file. All nodes end with the same tree, whatever the order of the updates and whatever gets lost on the way.
    [TestMethod]
    public void AnyHistoryOfFaults_AllNodesShowTheTreeOfTheOwnerRule()
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(Histories).WithReplay(new Replay(new Rnd(20240601, 1), null)).WithQuietOnSuccess(true);
        if (int.TryParse(Environment.GetEnvironmentVariable(MoreHistories), CultureInfo.InvariantCulture, out var more))
            config = config.WithMaxTest(more).WithReplay(null);

        var repairs = 0;
        Check.One(config, Prop.ForAll(Convergence.Histories.Arbitrary, async history => repairs += await Simulation.RunAsync(history)));
        Assert.IsTrue(repairs > 0, "no history needed a repair");
    }

    // Found by a random history: the goodbye of a takes its second state out of b's tree, and then its first one arrives.
    [TestMethod]
    public async Task OldUpdateArrivesAfterTheGoodbyeOfItsSender_IsNotShown()
    {
        await Simulation.RunAsync(new History(2, BeginsSettled: true,
        [
            new Ping(0, 1),
            new StartNode(1, Scans: true, ClockAhead: 0, Restores: false),
            new MeetFate(0, Fate.Arrives),
            new MeetFate(1, Fate.Arrives),
            new MeetFate(0, Fate.IsLate),
            new MeetFate(0, Fate.ArrivesAndWillAgain),
            new ChangeDisk(0, [new DiskChange(DiskChangeKind.Write, VirtualPath.Parse("/x"), 1)]),
            new MeetFate(5, Fate.IsLate),
            new PassTime(2_500),
            new MeetFate(2, Fate.Arrives),
            new StopNode(0, SaysGoodbye: true),
            new MeetFate(1, Fate.IsLate),
        ]));
    }
}
