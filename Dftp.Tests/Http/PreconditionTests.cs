using System.Globalization;
using System.Net;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class PreconditionTests
{
    private const string Modified = "Sun, 23 Oct 2016 12:07:06 GMT";
    private const string Earlier = "Sun, 23 Oct 2016 12:07:05 GMT";
    private const string Later = "Sun, 23 Oct 2016 12:07:07 GMT";

    private static readonly string ETag =
        string.Create(CultureInfo.InvariantCulture, $"\"{MemoryFileTree.DefaultTime.Nanoseconds:x}-a\"");

    // RFC 9110, 13.1.1: "If the field value is "*", the condition is true if the origin server has a current representation". "An origin
    // server MUST use the strong comparison function".
    [TestMethod]
    [DataRow("{0}", 200)]
    [DataRow("*", 200)]
    [DataRow("\"x\", {0}", 200)]
    [DataRow("\"x\"", 412)]
    [DataRow("W/{0}", 412)]
    [DataRow("broken", 412)]
    public Task IfMatch_DecidesByTheTag(string value, int status) => AssertStatusAsync(status, ("If-Match", value));

    // 13.1.4: "If the selected representation's last modification date is earlier than or equal to the date provided ..., the condition is
    // true." "A recipient MUST ignore the If-Unmodified-Since header field if the received field value is not a valid HTTP-date".
    [TestMethod]
    [DataRow(Modified, 200)]
    [DataRow(Later, 200)]
    [DataRow(Earlier, 412)]
    [DataRow("Sunday, 23-Oct-16 12:07:05 GMT", 412)]
    [DataRow("yesterday", 200)]
    public Task IfUnmodifiedSince_DecidesByTheDate(string value, int status) => AssertStatusAsync(status, ("If-Unmodified-Since", value));

    // 13.1.2: "A recipient MUST use the weak comparison function". "If the field value is "*", the condition is false if the origin server
    // has a current representation".
    [TestMethod]
    [DataRow("{0}", 304)]
    [DataRow("W/{0}", 304)]
    [DataRow("*", 304)]
    [DataRow("\"x\",W/{0}", 304)]
    [DataRow("\"x\"", 200)]
    [DataRow("broken", 200)]
    public Task IfNoneMatch_DecidesByTheTag(string value, int status) => AssertStatusAsync(status, ("If-None-Match", value));

    // 13.1.3: "If the selected representation's last modification date is earlier or equal to the date provided
    // ..., the condition is false."
    [TestMethod]
    [DataRow(Modified, 304)]
    [DataRow(Later, 304)]
    [DataRow(Earlier, 200)]
    [DataRow("yesterday", 200)]
    public Task IfModifiedSince_DecidesByTheDate(string value, int status) => AssertStatusAsync(status, ("If-Modified-Since", value));

    // 13.1.5: "If the HTTP-date validator provided exactly matches the Last-Modified field value ..., the condition is true"; "if the
    // entity-tag validator provided exactly matches the ETag field value ... using the strong comparison function".
    [TestMethod]
    [DataRow("{0}", 206)]
    [DataRow(Modified, 206)]
    [DataRow("W/{0}", 200)]
    [DataRow("\"x\"", 200)]
    [DataRow(Later, 200)]
    [DataRow(Earlier, 200)]
    public Task IfRange_DecidesWhetherTheRangeCounts(string value, int status) =>
        AssertStatusAsync(status, ("Range", "bytes=1-2"), ("If-Range", value));

    // 13.1.5: "A recipient of an If-Range header field MUST ignore the Range header field if the If-Range condition evaluates as false."
    [TestMethod]
    public Task IfRangeThatFails_MakesARangeOutsideTheFileHarmless() =>
        AssertStatusAsync(200, ("Range", "bytes=100-"), ("If-Range", "\"x\""));

    // 13.2.2: "When more than one conditional request header field is present in a request, the order in which the fields are evaluated
    // becomes important": If-Match, else If-Unmodified-Since; If-None-Match, else If-Modified-Since; If-Range.
    [TestMethod]
    [DataRow(200, "If-Match:{0}", "If-Unmodified-Since:" + Earlier)]
    [DataRow(412, "If-Match:\"x\"", "If-None-Match:{0}")]
    [DataRow(412, "If-Unmodified-Since:" + Earlier, "If-Modified-Since:" + Later)]
    [DataRow(200, "If-None-Match:\"x\"", "If-Modified-Since:" + Later)]
    [DataRow(304, "If-None-Match:{0}", "If-Modified-Since:" + Earlier)]
    [DataRow(304, "If-None-Match:{0}", "Range:bytes=100-")]
    [DataRow(412, "If-Match:\"x\"", "Range:bytes=100-")]
    [DataRow(304, "If-Match:{0}", "If-None-Match:{0}")]
    [DataRow(416, "If-Match:{0}", "Range:bytes=100-")]
    [DataRow(206, "If-None-Match:\"x\"", "Range:bytes=0-1")]
    public Task Order(int status, string first, string second) => AssertStatusAsync(status, Split(first), Split(second));

    // RFC 9110, 15.4.5: "The server generating a 304 response MUST generate any of the following header fields that would have been sent in
    // a 200 (OK) response: Content-Location, Date, ETag, and Vary; Cache-Control and Expires."
    [TestMethod]
    public async Task NotModified_CarriesTheValidatorsAndNoBody()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/x.txt", "0123456789"));

        using var response = await site.GetAsync("/fs/x.txt", ("If-None-Match", ETag));

        Assert.AreEqual(HttpStatusCode.NotModified, response.StatusCode);
        Assert.AreEqual(ETag, response.Headers.ETag!.ToString());
        Assert.AreEqual("", await response.Content.ReadAsStringAsync());
        Assert.AreEqual("0123456789", await site.GetTextAsync("/fs/x.txt"));
    }

    private static (string, string) Split(string header) =>
        (header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..]);

    /// <summary>{0} in a value is replaced by the file's tag. HEAD must decide as GET does, except for ranges.</summary>
    private static async Task AssertStatusAsync(int status, params (string Name, string Value)[] headers)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/x.txt", "0123456789"));
        var filled = headers.Select(header => (header.Name, header.Value.Replace("{0}", ETag, StringComparison.Ordinal))).ToArray();

        using var get = await site.GetAsync("/fs/x.txt", filled);
        Assert.AreEqual(status, (int)get.StatusCode);

        using var head = await site.SendAsync(HttpMethod.Head, "/fs/x.txt", filled);
        Assert.AreEqual(status is 206 or 416 ? 200 : status, (int)head.StatusCode);
    }
}
