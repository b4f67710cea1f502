using Dftp.Routes;

namespace Dftp.Tests.Routes;

[TestClass]
public sealed class RouteTableTests
{
    private static readonly RouteTable Table = new(
    [
        Row("/", PathMatch.Exact, "GET"),
        Row("/fs", PathMatch.Exact, "GET"),
        Row("/fs/", PathMatch.Prefix, "GET"),
        Row("/fs/", PathMatch.Prefix, "PUT", "DELETE"),
        Row("/cluster/", PathMatch.SlashOptional, "POST") with { On = Interfaces.Management },
        Row("/cluster/", PathMatch.SlashOptional, "GET") with { On = Interfaces.Management },
        Row("/healthz", PathMatch.Exact, "GET") with { On = Interfaces.Public | Interfaces.Management },
    ]);

    [TestMethod]
    [DataRow(Interfaces.Public, "/", "/")]
    [DataRow(Interfaces.Public, "/fs", "/fs")]
    [DataRow(Interfaces.Public, "/fs/", "/fs/")]
    [DataRow(Interfaces.Public, "/fs/a/b", "/fs/")]
    [DataRow(Interfaces.Public, "/fsx", null)]
    [DataRow(Interfaces.Public, "/FS/", null)]
    [DataRow(Interfaces.Public, "/healthz/", null)]
    [DataRow(Interfaces.Public, "/cluster/", null)]
    [DataRow(Interfaces.Management, "/cluster", "/cluster/")]
    [DataRow(Interfaces.Management, "/cluster/", "/cluster/")]
    [DataRow(Interfaces.Management, "/cluster/x", null)]
    [DataRow(Interfaces.Management, "/clusterx", null)]
    [DataRow(Interfaces.Management, "/healthz", "/healthz")]
    [DataRow(Interfaces.Management, "/fs/", null)]
    public void Path_IsFoundOnItsInterface(Interfaces on, string path, string? found) =>
        Assert.AreEqual(found, Table.Find(on, path)?.Path);

    // RFC 9110, 10.2.1: Allow "lists the set of methods advertised as supported by the target resource".
    [TestMethod]
    [DataRow(Interfaces.Public, "/", "GET, HEAD, OPTIONS")]
    [DataRow(Interfaces.Public, "/fs/x", "GET, HEAD, PUT, DELETE, OPTIONS")]
    [DataRow(Interfaces.Management, "/cluster", "POST, GET, HEAD, OPTIONS")]
    public void Allow_NamesTheMethodsOfAllRows(Interfaces on, string path, string allow) =>
        Assert.AreEqual(allow, Table.Find(on, path)!.Allow);

    [TestMethod]
    public void AllowOfAnInterface_NamesTheMethodsOfAllItsPaths()
    {
        Assert.AreEqual("GET, HEAD, PUT, DELETE, OPTIONS", Table.AllowOn(Interfaces.Public));
        Assert.AreEqual("POST, GET, HEAD, OPTIONS", Table.AllowOn(Interfaces.Management));
    }

    [TestMethod]
    [DataRow("GET", "GET")]
    [DataRow("HEAD", "GET")]
    [DataRow("DELETE", "PUT")]
    [DataRow("POST", null)]
    [DataRow("OPTIONS", null)]
    public void Method_IsFoundInItsRow(string method, string? firstOfRow) =>
        Assert.AreEqual(firstOfRow, Table.Find(Interfaces.Public, "/fs/x")!.Find(method)?.Methods[0]);

    [TestMethod]
    public void TwoRowsForOneMethod_AreAnError()
    {
        Assert.ThrowsExactly<ArgumentException>(
            () => new RouteTable([Row("/a", PathMatch.Exact, "GET"), Row("/a", PathMatch.Exact, "PUT", "GET")]));
        _ = new RouteTable(
            [Row("/a", PathMatch.Exact, "GET"), Row("/a", PathMatch.Exact, "GET") with { On = Interfaces.Management }]);
    }

    [TestMethod]
    public void BodyLimit_SkipsWhatIsNotRead()
    {
        Assert.AreEqual((false, 64 * 1024L), (BodyLimit.None.IsRead, BodyLimit.None.MaxBytes));
        Assert.AreEqual((true, 5L), (BodyLimit.Bytes(5).IsRead, BodyLimit.Bytes(5).MaxBytes));
        Assert.AreEqual((true, (long?)null), (BodyLimit.Stream.IsRead, BodyLimit.Stream.MaxBytes));
    }

    private static Route Row(string path, PathMatch match, params string[] methods) =>
        new(Interfaces.Public, path, match, methods, RouteAccess.Tree, BodyLimit.None, _ => Task.CompletedTask);
}
