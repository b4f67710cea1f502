using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Dftp.Tests.Cluster.Convergence;

[TestClass]
public sealed class ConvergenceTests
{
    /// <summary>A few seconds' worth. DFTP_HISTORIES sets another number, and then the histories are new ones in each run.</summary>
    private const int Histories = 1500;

    private const string MoreHistories = "DFTP_HISTORIES";

    // Every path has one owner: the holder that saw the entry change last, of several the one with the smaller name; a directory
    // beats a file. All nodes come to the same tree in whatever order they hear of it, and whatever gets lost on the way.
    [TestMethod]
    public void AnyHistoryOfFaults_AllNodesShowTheTreeThatTheRuleSays()
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(Histories).WithReplay(new Replay(new Rnd(20240601, 1), null)).WithQuietOnSuccess(true);
        if (int.TryParse(Environment.GetEnvironmentVariable(MoreHistories), CultureInfo.InvariantCulture, out var more))
            config = config.WithMaxTest(more).WithReplay(null);

        Check.One(config, Prop.ForAll(Convergence.Histories.Arbitrary, Simulation.RunAsync));
    }
}
