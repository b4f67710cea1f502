using Dftp.Cluster.Discovery;

namespace Dftp.Tests.Cluster.Discovery;

[TestClass]
public sealed class GroupEndPointTests
{
    [TestMethod]
    [DataRow("224.0.0.9:7041")]
    [DataRow("239.255.255.255:1")]
    [DataRow("[ff02::7041]:7041")]
    public void MulticastAddressAndPort_AreRead(string text)
    {
        Assert.IsTrue(GroupEndPoint.TryParse(text, out var group, out var error), error);
        Assert.AreEqual(text, group.ToString());
    }

    [TestMethod]
    [DataRow("224.0.0.9", "such as 224.0.0.9:7041")]
    [DataRow("", "such as 224.0.0.9:7041")]
    [DataRow("somewhere:7041", "such as 224.0.0.9:7041")]
    [DataRow("224.0.0.9:65536", "such as 224.0.0.9:7041")]
    [DataRow("10.0.0.1:7041", "10.0.0.1 is not a multicast address")]
    [DataRow("240.0.0.1:7041", "240.0.0.1 is not a multicast address")]
    [DataRow("[fe80::1]:7041", "fe80::1 is not a multicast address")]
    public void AllElse_IsRefusedInASentence(string text, string part)
    {
        Assert.IsFalse(GroupEndPoint.TryParse(text, out var group, out var error));
        Assert.IsNull(group);
        StringAssert.Contains(error, part);
    }
}
