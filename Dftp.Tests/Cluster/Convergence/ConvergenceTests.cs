using System.Globalization;
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
}
