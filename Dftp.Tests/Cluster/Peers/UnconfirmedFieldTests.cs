using System.Buffers;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Peers;

[TestClass]
public sealed class UnconfirmedFieldTests
{
    [TestMethod]
    [DataRow("", "")]
    [DataRow("5 /a b", "5 /a b")]
    [DataRow("5 /a\n6 /ü 1", "5 /a\n6 /ü 1")]
    [DataRow("5 /", "5 /")]
    [DataRow("5 /a\n6 /a/b", "5 /a")]
    [DataRow("5 ../x", "5 /", DisplayName = "what is no path means any path")]
    [DataRow("nothing", "0 /")]
    [DataRow("5", "0 /")]
    [DataRow("99999999999999999999 /a", "0 /a")]
    public void Field_IsReadAsItIsWritten_AndNonsenseDoubtsEverything(string text, string expected) =>
        Assert.AreEqual(expected, UnconfirmedField.Write(UnconfirmedField.Read(text)));

    // A legacy node passes over members that it does not know, and its own answers have none.
    [TestMethod]
    [DataRow("5 /a b\n6 /c")]
    [DataRow("")]
    public void Answer_ContainsTheSendersUnreadablePlaces(string places)
    {
        var me = new NodeDescription(NodeName.Parse("a"), new HostPort("h", 1), new HostPort("h", 2), new AnnouncedState(1, 2, 3))
        {
            Unconfirmed = UnconfirmedField.Read(places),
        };
        var json = new ArrayBufferWriter<byte>();
        ClusterAnswerWriter.Write(json, "home", new ListedNode(me, new PeerFacts { Name = me.Name }), []);

        var answer = ClusterAnswer.Parse(json.WrittenMemory, "h");

        Assert.AreEqual(places, UnconfirmedField.Write(answer.Me.Unconfirmed));
        Assert.AreEqual(places.Length > 0, System.Text.Encoding.UTF8.GetString(json.WrittenSpan).Contains("Unconfirmed", StringComparison.Ordinal));
    }
}
