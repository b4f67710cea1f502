using Dftp.Cluster;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster;

/// <summary>When two copies are known to be the same, so that a transfer may go on at the other one. HTTP and FTP ask the same rule.</summary>
[TestClass]
public sealed class SameContentRuleTests
{
    private const long WholeSecond = 1_700_000_000_000_000_000, BelowTheSecond = WholeSecond + 1;

    private static readonly ContentDigest One = new(Enumerable.Repeat((byte)1, 32).ToArray()), Two = new(Enumerable.Repeat((byte)2, 32).ToArray());

    // Only a time below the second that both share, of versions that it tells apart, stands for the content.
    [TestMethod]
    [DataRow(BelowTheSecond, 0UL, BelowTheSecond, 0UL, true)]
    [DataRow(WholeSecond, 0UL, WholeSecond, 0UL, false)]
    [DataRow(BelowTheSecond, 0UL, BelowTheSecond + 1, 0UL, false)]
    [DataRow(BelowTheSecond, 0UL, WholeSecond, 0UL, false)]
    [DataRow(BelowTheSecond, 7UL, BelowTheSecond, 0UL, false)]
    [DataRow(BelowTheSecond, 0UL, BelowTheSecond, 7UL, false)]
    [DataRow(BelowTheSecond, 7UL, BelowTheSecond, 7UL, false)]
    [DataRow(WholeSecond, 7UL, WholeSecond, 7UL, false)]
    [DataRow(0L, 0UL, 0L, 0UL, false)]
    [DataRow(1_000_000_000L, 0UL, 1_000_000_000L, 0UL, false)]
    public void WithoutBothDigests_TimeAndRevisionDecide(long modified, ulong revision, long otherModified, ulong otherRevision, bool isSame)
    {
        var (file, other) = (File(10, modified, revision), File(10, otherModified, otherRevision));
        foreach (var (digest, otherDigest) in new (ContentDigest?, ContentDigest?)[] { (null, null), (One, null), (null, One) })
            Assert.AreEqual(isSame, SameContentRule.Holds(file, digest, other, otherDigest), $"{digest}, {otherDigest}");
    }

    // Digests that are both known decide alone: neither times that differ nor times that agree say anything against them.
    [TestMethod]
    [DataRow(BelowTheSecond, 0UL, BelowTheSecond, 0UL)]
    [DataRow(WholeSecond, 7UL, WholeSecond, 8UL)]
    [DataRow(BelowTheSecond, 0UL, WholeSecond, 7UL)]
    [DataRow(0L, 0UL, 1L, 0UL)]
    public void BothDigestsKnown_Decide(long modified, ulong revision, long otherModified, ulong otherRevision)
    {
        var (file, other) = (File(10, modified, revision), File(10, otherModified, otherRevision));
        Assert.IsTrue(SameContentRule.Holds(file, One, other, One));
        Assert.IsFalse(SameContentRule.Holds(file, One, other, Two));
    }

    // The fingerprint is of one holder's disk: two holders of one content never share it.
    [TestMethod]
    public void Fingerprints_SayNothing()
    {
        var file = File(10, BelowTheSecond, 0, fingerprint: 1);
        Assert.IsTrue(SameContentRule.Holds(file, null, File(10, BelowTheSecond, 0, fingerprint: 2), null));
        Assert.IsFalse(SameContentRule.Holds(File(10, WholeSecond, 0, fingerprint: 1), null, File(10, WholeSecond, 0, fingerprint: 1), null));
    }

    // The rest of a file of another size is no rest of this one, whatever was remembered of it.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void OtherSize_IsNeverTheSame(bool isDigestKnown)
    {
        ContentDigest? digest = isDigestKnown ? One : null;
        Assert.IsFalse(SameContentRule.Holds(File(10, BelowTheSecond, 0), digest, File(11, BelowTheSecond, 0), digest));
    }

    private static Entry File(long size, long modified, ulong revision, ulong fingerprint = 0) =>
        new("f"u8.ToArray(), false, size, new UnixTime(modified), 0b110_100_100, NodeName.Parse("n")) { Version = new ContentVersion(revision, fingerprint) };
}
